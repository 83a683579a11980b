-- The platform itself is an author of audit lines. The new check reads the table, which is locked meanwhile.
ALTER TABLE control.audit_log DROP CONSTRAINT audit_log_actor_kind_check, DROP CONSTRAINT audit_log_check;
ALTER TABLE control.audit_log
    ADD CONSTRAINT audit_log_actor_kind_check CHECK (actor_kind IN ('user', 'api_key', 'command', 'platform')),
    -- NULL for a command and the platform, which have a name only.
    ADD CONSTRAINT audit_log_check CHECK ((actor_id IS NULL) = (actor_kind IN ('command', 'platform')));
