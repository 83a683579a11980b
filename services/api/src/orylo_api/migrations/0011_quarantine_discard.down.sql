-- What was given up is open again. Locks the table while it is read once.
UPDATE api.quarantine_view SET state = 'open' WHERE state = 'discarded';
REVOKE UPDATE (state) ON api.quarantine_view FROM orylo_api;
ALTER TABLE api.quarantine_view
    DROP COLUMN discarded_at,
    DROP COLUMN discarded_by,
    DROP COLUMN discarded_reason,
    DROP CONSTRAINT quarantine_view_state_check,
    ADD CONSTRAINT quarantine_view_state_check CHECK (state IN ('open', 'published', 'told_before', 'ignored'));
