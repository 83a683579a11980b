-- Entries of tenants' lists: the block list, the allow list and lists that rules read. A new table only; locks nothing.
CREATE TABLE control.list_entries (
    tenant_id uuid NOT NULL REFERENCES control.tenants ON DELETE CASCADE,
    id uuid NOT NULL,
    list text NOT NULL CHECK (list ~ '^[a-z0-9][a-z0-9_-]{0,63}$'),
    type text NOT NULL CHECK (type IN (
        'customer', 'email', 'email_domain', 'ip', 'card', 'bin', 'card_country', 'device', 'document'
    )),
    -- As messages carry it: emails, their domains and documents are hashed. An address without a prefix length is one.
    value text NOT NULL,
    network inet GENERATED ALWAYS AS (CASE WHEN type = 'ip' THEN value::inet END) STORED,
    reason text NOT NULL,
    added_by text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    -- From then on the entry has no effect. NULL: it does not end.
    expires_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, type, value, list)
);
CREATE INDEX list_entries_network ON control.list_entries USING spgist (network) WHERE network IS NOT NULL;
CREATE INDEX list_entries_listed ON control.list_entries (tenant_id, list, created_at, id);
CREATE INDEX list_entries_newest ON control.list_entries (tenant_id, created_at, id);
CREATE INDEX list_entries_expired ON control.list_entries (expires_at) WHERE expires_at IS NOT NULL;

-- A service may be granted the table, and sees the rows that its own policy admits.
ALTER TABLE control.list_entries ENABLE ROW LEVEL SECURITY;
