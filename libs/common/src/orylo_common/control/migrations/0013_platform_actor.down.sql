-- The platform's lines become lines of a command. Locks the table.
UPDATE control.audit_log SET actor_kind = 'command' WHERE actor_kind = 'platform';
ALTER TABLE control.audit_log DROP CONSTRAINT audit_log_actor_kind_check, DROP CONSTRAINT audit_log_check;
ALTER TABLE control.audit_log
    ADD CONSTRAINT audit_log_actor_kind_check CHECK (actor_kind IN ('user', 'api_key', 'command')),
    ADD CONSTRAINT audit_log_check CHECK ((actor_id IS NULL) = (actor_kind = 'command'));
