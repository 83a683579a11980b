-- Lets operators manage tenants and users through the API, and enter tenants. A new table and grants; locks nothing.
CREATE TABLE api.impersonations (
    -- The tenant that was entered.
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    -- The operator's session, user and email address.
    session_id uuid NOT NULL,
    user_id uuid NOT NULL,
    operator text NOT NULL,
    reason text NOT NULL,
    address text NOT NULL,
    user_agent text NOT NULL,
    started_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    PRIMARY KEY (tenant_id, id)
);
-- A session is in one tenant at a time.
CREATE UNIQUE INDEX impersonations_open ON api.impersonations (session_id) WHERE ended_at IS NULL;
SELECT api.bind_to_tenant('impersonations');
ALTER TABLE api.impersonations FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE, DELETE ON api.impersonations TO orylo_api_projector;

GRANT INSERT (id, slug, name),
    UPDATE (name, suspended_at, suspension_reason, delete_at, deletion_reason)
    ON control.tenants TO orylo_api_projector;
GRANT INSERT (id, tenant_id, email, password_hash, role), UPDATE (role, disabled_at), DELETE
    ON control.users TO orylo_api_projector;
-- Their requests take an Idempotency-Key, too.
GRANT INSERT, UPDATE (status, body) ON api.idempotency_keys TO orylo_api_projector;
