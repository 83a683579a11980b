-- Reconciliations with gateways, by their API or by an export. A new table; locks nothing.
CREATE TABLE api.reconciliations_view (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    gateway text NOT NULL,
    source text NOT NULL CHECK (source IN ('gateway', 'export')),
    state text NOT NULL,
    -- Of the newest message; 0 while only requested.
    revision bigint NOT NULL,
    -- The rest of what the API returns.
    report jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    finished_at timestamptz,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX reconciliations_newest ON api.reconciliations_view (tenant_id, created_at DESC, id DESC);

SELECT api.bind_to_tenant('reconciliations_view');
GRANT SELECT, INSERT ON api.reconciliations_view TO orylo_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON api.reconciliations_view TO orylo_api_projector;
