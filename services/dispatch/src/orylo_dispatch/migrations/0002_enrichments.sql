-- Where a payment that names no buyer and later events about it meet, whichever comes first. A new table only; locks nothing.
CREATE TABLE dispatch.enrichments (
    tenant_id uuid NOT NULL,
    payment_id text NOT NULL,
    -- The messages, as far as they are here. Identifiers of people are hashed.
    payment jsonb,
    later jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, payment_id)
);
CREATE INDEX enrichments_created_at ON dispatch.enrichments (created_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON dispatch.enrichments TO orylo_dispatch;
