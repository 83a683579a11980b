-- Tenants' rules on payments with all their versions, their snoozes, and the fuse. New tables only; locks nothing.
CREATE TABLE control.rules (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES control.tenants ON DELETE CASCADE,
    -- Raised by every change. A change names the version that it replaces.
    version integer NOT NULL CHECK (version > 0),
    name text NOT NULL,
    expression text NOT NULL,
    action jsonb NOT NULL,
    priority integer NOT NULL,
    mode text NOT NULL CHECK (mode IN ('off', 'shadow', 'on')),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (tenant_id, name)
);

CREATE TABLE control.rule_versions (
    tenant_id uuid NOT NULL,
    rule_id uuid NOT NULL REFERENCES control.rules ON DELETE CASCADE,
    version integer NOT NULL,
    -- The rule's name, expression, action, priority and mode.
    draft jsonb NOT NULL,
    author text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (rule_id, version)
);

CREATE TABLE control.rule_snoozes (
    tenant_id uuid NOT NULL REFERENCES control.tenants ON DELETE CASCADE,
    rule_id uuid NOT NULL REFERENCES control.rules ON DELETE CASCADE,
    customer_id text NOT NULL,
    until timestamptz NOT NULL,
    reason text NOT NULL,
    author text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (rule_id, customer_id)
);

-- A tenant whose fuse never tripped has no row. The figures are those of the last trip.
CREATE TABLE control.fuses (
    tenant_id uuid PRIMARY KEY REFERENCES control.tenants ON DELETE CASCADE,
    tripped boolean NOT NULL,
    tripped_at timestamptz NOT NULL,
    payments bigint NOT NULL,
    blocked bigint NOT NULL,
    usual_rate double precision,
    limit_rate double precision NOT NULL,
    reset_at timestamptz,
    reset_by text
);

-- A service may be granted these tables, and sees the rows that its own policy admits.
ALTER TABLE control.rules ENABLE ROW LEVEL SECURITY;
ALTER TABLE control.rule_versions ENABLE ROW LEVEL SECURITY;
ALTER TABLE control.rule_snoozes ENABLE ROW LEVEL SECURITY;
ALTER TABLE control.fuses ENABLE ROW LEVEL SECURITY;

CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE ON control.rules
    FOR EACH STATEMENT EXECUTE FUNCTION control.announce_change();
CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE ON control.rule_snoozes
    FOR EACH STATEMENT EXECUTE FUNCTION control.announce_change();
CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE ON control.fuses
    FOR EACH STATEMENT EXECUTE FUNCTION control.announce_change();
