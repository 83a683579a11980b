-- The sum after each change of a score, before it is limited to 0 to 100. Columns without a default: locks the table for a
-- moment only.
ALTER TABLE api.trust_changes
    ADD COLUMN start smallint,
    ADD COLUMN total integer;
COMMENT ON COLUMN api.trust_changes.total IS 'not set for changes of earlier versions';
