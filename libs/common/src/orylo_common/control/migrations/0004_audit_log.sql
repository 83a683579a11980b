-- The audit log of every writer, the API and the command. A new table only; locks nothing.
CREATE TABLE control.audit_log (
    -- Without a foreign key, because the lines outlive their tenant.
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    actor_kind text NOT NULL CHECK (actor_kind IN ('user', 'api_key', 'command')),
    -- NULL for a command, which has a name only.
    actor_id uuid CHECK ((actor_id IS NULL) = (actor_kind = 'command')),
    actor text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    before jsonb,
    after jsonb,
    address text NOT NULL,
    user_agent text NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
-- A service may be granted SELECT and INSERT, never more, and sees the rows that its own policy admits.
ALTER TABLE control.audit_log ENABLE ROW LEVEL SECURITY;
