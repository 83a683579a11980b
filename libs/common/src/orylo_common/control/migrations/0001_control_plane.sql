-- The control plane: tenants and what they configure. New tables only; locks nothing.
CREATE TABLE control.tenants (
    id uuid PRIMARY KEY,
    slug text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
    name text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE control.gateways (
    tenant_id uuid NOT NULL REFERENCES control.tenants ON DELETE CASCADE,
    gateway text NOT NULL,
    enabled boolean NOT NULL DEFAULT true,
    mode text NOT NULL DEFAULT 'native' CHECK (mode IN ('native', 'hmac')),
    accept text[] NOT NULL DEFAULT '{live,test}' CHECK (accept <@ '{live,test}' AND cardinality(accept) > 0),
    allowed_networks cidr[] NOT NULL DEFAULT '{}',
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, gateway)
);

CREATE TABLE control.gateway_secrets (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    gateway text NOT NULL,
    label text NOT NULL,
    secret_encrypted bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz,
    UNIQUE (tenant_id, gateway, label),
    FOREIGN KEY (tenant_id, gateway) REFERENCES control.gateways ON DELETE CASCADE
);

CREATE TABLE control.destinations (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES control.tenants ON DELETE CASCADE,
    kind text NOT NULL,
    name text NOT NULL,
    config jsonb NOT NULL DEFAULT '{}',
    secret_encrypted bytea NOT NULL,
    enabled boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (tenant_id, kind, name)
);

CREATE TABLE control.settings (
    tenant_id uuid NOT NULL REFERENCES control.tenants ON DELETE CASCADE,
    section text NOT NULL,
    value jsonb NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, section)
);

CREATE TABLE control.users (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES control.tenants ON DELETE CASCADE,
    email text NOT NULL CHECK (email = lower(email)),
    password_hash text NOT NULL,
    role text NOT NULL CHECK (role IN ('operator', 'owner', 'admin', 'analyst', 'viewer')),
    totp_secret_encrypted bytea,
    disabled_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (tenant_id, email)
);
CREATE INDEX users_email ON control.users (email);

CREATE TABLE control.api_keys (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES control.tenants ON DELETE CASCADE,
    name text NOT NULL,
    -- SHA-256 of the whole key. It holds 256 random bits, so a slow hash would add nothing.
    key_hash bytea NOT NULL UNIQUE,
    role text NOT NULL CHECK (role IN ('operator', 'owner', 'admin', 'analyst', 'viewer')),
    created_at timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz,
    revoked_at timestamptz
);

-- Every service keeps its part in memory; this tells it at once that something changed.
CREATE FUNCTION control.announce_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('orylo_control', TG_TABLE_NAME);
    RETURN NULL;
END $$;

CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE ON control.tenants
    FOR EACH STATEMENT EXECUTE FUNCTION control.announce_change();
CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE ON control.gateways
    FOR EACH STATEMENT EXECUTE FUNCTION control.announce_change();
-- Not when only `last_used_at` moves.
CREATE TRIGGER changed AFTER INSERT OR DELETE OR UPDATE OF label, secret_encrypted ON control.gateway_secrets
    FOR EACH STATEMENT EXECUTE FUNCTION control.announce_change();
CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE ON control.destinations
    FOR EACH STATEMENT EXECUTE FUNCTION control.announce_change();
CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE ON control.settings
    FOR EACH STATEMENT EXECUTE FUNCTION control.announce_change();
