-- Visits by day, as the tracking script reports them. A new table only; locks nothing.
CREATE TABLE api.tracking_days (
    tenant_id uuid NOT NULL,
    -- In UTC.
    day date NOT NULL,
    visits bigint NOT NULL,
    -- Visits that an advertisement led to, by Meta's click id.
    with_click_id bigint NOT NULL,
    checkouts bigint NOT NULL,
    leads bigint NOT NULL,
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, day)
);
SELECT api.bind_to_tenant('tracking_days');
GRANT SELECT ON api.tracking_days TO orylo_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON api.tracking_days TO orylo_api_projector;
