-- Payments and frauds by entity (product, affiliate, network, …). New tables only; locks nothing. Payments from before
-- have no row, so feedback on them counts for no entity.

-- What has been counted of each payment, so that it counts once.
CREATE TABLE detector.entity_payments (
    tenant_id uuid NOT NULL,
    payment_id text NOT NULL,
    -- In which it was paid, counted from 1970; not set until it is known to be paid.
    fortnight smallint,
    -- A record of 18 bytes for each entity (see domain/entity_evidence.py).
    entities bytea NOT NULL,
    -- Disputes, fraud warnings and the verdict; not set without any.
    evidence jsonb,
    learnt_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, payment_id)
);
CREATE INDEX entity_payments_learnt_at ON detector.entity_payments USING brin (learnt_at);

CREATE TABLE detector.entity_counts (
    tenant_id uuid NOT NULL,
    -- 64 bits of a hash of the entity's kind and value.
    entity bigint NOT NULL,
    fortnight smallint NOT NULL,
    payments integer NOT NULL,
    frauds integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, entity, fortnight)
) WITH (fillfactor = 70);
CREATE INDEX entity_counts_created_at ON detector.entity_counts USING brin (created_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON detector.entity_payments, detector.entity_counts TO orylo_detector;
