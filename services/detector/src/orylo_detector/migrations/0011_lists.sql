-- The detector reads the lists of all tenants, in the statement that reads the history, and adds what rules find. Grants
-- only; locks nothing.
CREATE POLICY all_tenants ON control.list_entries TO orylo_detector USING (true);
GRANT SELECT, INSERT, UPDATE ON control.list_entries TO orylo_detector;
