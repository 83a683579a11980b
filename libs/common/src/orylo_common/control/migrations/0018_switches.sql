-- Switches that stop a part of the platform or of a tenant, and tenants' feature flags. New tables only; locks nothing.
CREATE TABLE control.switches (
    -- Zero: the whole platform. Without a foreign key, because of that.
    tenant_id uuid NOT NULL,
    name text NOT NULL CHECK (name IN ('stop_webhooks', 'stop_sending', 'maintenance')),
    -- A gateway's name or a destination's id. Empty: all of them.
    target text NOT NULL DEFAULT '',
    -- For the people whom the switch affects.
    message text NOT NULL,
    author text NOT NULL,
    since timestamptz NOT NULL,
    -- From then on the switch has no effect. NULL: until it is switched off.
    until timestamptz,
    PRIMARY KEY (tenant_id, name, target)
);

CREATE TABLE control.flags (
    tenant_id uuid NOT NULL REFERENCES control.tenants ON DELETE CASCADE,
    name text NOT NULL,
    -- Empty: every gateway that has no value of its own.
    gateway text NOT NULL DEFAULT '',
    enabled boolean NOT NULL,
    author text NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, name, gateway)
);

-- A service may be granted these tables, and sees the rows that its own policy admits.
ALTER TABLE control.switches ENABLE ROW LEVEL SECURITY;
ALTER TABLE control.flags ENABLE ROW LEVEL SECURITY;

CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE ON control.switches
    FOR EACH STATEMENT EXECUTE FUNCTION control.announce_change();
CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE ON control.flags
    FOR EACH STATEMENT EXECUTE FUNCTION control.announce_change();
