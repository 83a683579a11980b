-- Verdicts, disputes and fraud warnings of payments. A new table only; locks nothing.
CREATE TABLE api.fraud_evidence (
    tenant_id uuid NOT NULL,
    payment_id text NOT NULL,
    -- Each report under its own name, with a sort key: of two under one name, the higher key counts.
    reports jsonb NOT NULL,
    -- Of the newest verdict; not set without one. The key is its sort key.
    verdict text,
    verdict_reason text,
    verdict_actor text,
    verdict_at timestamptz,
    verdict_key text COLLATE "C" NOT NULL,
    reported_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, payment_id)
);
COMMENT ON COLUMN api.fraud_evidence.reported_at IS 'the first report';
CREATE INDEX fraud_evidence_age ON api.fraud_evidence USING brin (reported_at);

SELECT api.bind_to_tenant('fraud_evidence');
GRANT SELECT ON api.fraud_evidence TO orylo_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON api.fraud_evidence TO orylo_api_projector;
