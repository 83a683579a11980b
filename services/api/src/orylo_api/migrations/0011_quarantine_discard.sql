-- What nobody will ever understand can be given up. Locks the table while it is read once, 90 days of what was set aside.
ALTER TABLE api.quarantine_view
    ADD COLUMN discarded_at timestamptz,
    ADD COLUMN discarded_by text,
    ADD COLUMN discarded_reason text,
    DROP CONSTRAINT quarantine_view_state_check,
    ADD CONSTRAINT quarantine_view_state_check
        CHECK (state IN ('open', 'published', 'told_before', 'ignored', 'discarded'));
GRANT UPDATE (state, discarded_at, discarded_by, discarded_reason) ON api.quarantine_view TO orylo_api;
