-- Decisions no longer consider lists.
REVOKE SELECT, INSERT, UPDATE ON control.list_entries FROM orylo_detector;
DROP POLICY all_tenants ON control.list_entries;
