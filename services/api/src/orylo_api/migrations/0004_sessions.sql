-- Who is signed in, and who tried to be. New tables and grants only; locks nothing.
CREATE TABLE api.sessions (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    csrf_token text NOT NULL,
    address text NOT NULL,
    user_agent text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    revoked_reason text,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX sessions_user ON api.sessions (tenant_id, user_id);

-- SHA-256 of what stands in the cookies; the tokens hold 256 random bits.
CREATE TABLE api.session_tokens (
    token_hash bytea PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('access', 'refresh')),
    tenant_id uuid NOT NULL,
    session_id uuid NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    FOREIGN KEY (tenant_id, session_id) REFERENCES api.sessions ON DELETE CASCADE
);
CREATE INDEX session_tokens_session ON api.session_tokens (tenant_id, session_id);

-- A code of a second factor that was used, so that it serves once.
CREATE TABLE api.totp_uses (
    tenant_id uuid NOT NULL,
    user_id uuid NOT NULL,
    counter bigint NOT NULL,
    used_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, user_id, counter)
);

-- Failed sign-ins by hash of the account's e-mail address and by address of the caller.
CREATE TABLE api.login_failures (
    key bytea PRIMARY KEY,
    failures integer NOT NULL,
    last_at timestamptz NOT NULL,
    locked_until timestamptz NOT NULL
);

SELECT api.bind_to_tenant('sessions', 'session_tokens', 'totp_uses');
GRANT SELECT, INSERT, UPDATE, DELETE ON api.sessions, api.session_tokens, api.totp_uses, api.login_failures
    TO orylo_api_projector;
GRANT USAGE ON SCHEMA control TO orylo_api_projector;
GRANT SELECT ON control.tenants, control.users, control.api_keys TO orylo_api_projector;
GRANT UPDATE (last_used_at) ON control.api_keys TO orylo_api_projector;
GRANT UPDATE (password_hash) ON control.users TO orylo_api_projector;
