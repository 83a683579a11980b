-- Webhooks that were turned away, so that a merchant sees why theirs do not arrive. A new table only; locks nothing.
CREATE TABLE api.refusals_view (
    tenant_id uuid NOT NULL,
    -- Derived from gateway, code and minute: a flood is a row a minute.
    id uuid NOT NULL,
    gateway text NOT NULL,
    code text NOT NULL,
    count bigint NOT NULL,
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    -- Of the last one.
    status smallint NOT NULL,
    reason text NOT NULL,
    remote text,
    size bigint NOT NULL,
    -- The minute.
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX refusals_newest ON api.refusals_view (tenant_id, created_at DESC, id DESC);
CREATE INDEX refusals_age ON api.refusals_view USING brin (created_at);

SELECT api.bind_to_tenant('refusals_view');
GRANT SELECT ON api.refusals_view TO orylo_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON api.refusals_view TO orylo_api_projector;
