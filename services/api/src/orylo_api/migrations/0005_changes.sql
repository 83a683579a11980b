-- What a change leaves behind: its message, its line in the audit log, its answer. New tables only; locks nothing.
CREATE TABLE api.outbox (
    message_id uuid PRIMARY KEY,
    type text NOT NULL,
    body bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX outbox_created_at ON api.outbox (created_at);
GRANT INSERT ON api.outbox TO orylo_api;
-- UPDATE: a row is locked before it is swept.
GRANT SELECT, INSERT, UPDATE, DELETE ON api.outbox TO orylo_api_projector;

CREATE TABLE api.audit_log (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    at timestamptz NOT NULL,
    actor_kind text NOT NULL,
    actor_id uuid NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    before jsonb,
    after jsonb,
    address text NOT NULL,
    user_agent text NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE TABLE api.idempotency_keys (
    tenant_id uuid NOT NULL,
    key text NOT NULL,
    -- Of who asked and what for: the same key for another request is refused.
    fingerprint bytea NOT NULL,
    status smallint,
    body bytea,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, key)
);
CREATE INDEX idempotency_keys_age ON api.idempotency_keys USING brin (created_at);

SELECT api.bind_to_tenant('audit_log', 'idempotency_keys');
-- Lines are added to the audit log and never changed: nobody is granted more.
GRANT SELECT, INSERT ON api.audit_log TO orylo_api, orylo_api_projector;
GRANT SELECT, INSERT, UPDATE (status, body) ON api.idempotency_keys TO orylo_api;
GRANT SELECT, DELETE ON api.idempotency_keys TO orylo_api_projector;
