-- Detections, what makes each one single, and the outbox. New tables only; locks nothing.

-- The claim: one decision for each event. Small, because a unique key cannot span partitions.
CREATE TABLE detector.decided (
    tenant_id uuid NOT NULL,
    event_id text NOT NULL,
    decided_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, event_id)
);
CREATE INDEX decided_decided_at ON detector.decided USING brin (decided_at);

CREATE TABLE detector.detections (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    event_id text NOT NULL,
    payment_id text NOT NULL,
    payment_type text NOT NULL,
    gateway text NOT NULL,
    customer_id text,
    decision text NOT NULL CHECK (decision IN ('allow', 'review', 'block')),
    risk_score smallint NOT NULL CHECK (risk_score BETWEEN 0 AND 100),
    reasons jsonb NOT NULL,
    -- Each detector's score, reasons and time.
    detectors jsonb NOT NULL,
    degraded jsonb NOT NULL,
    amount_minor bigint NOT NULL,
    currency text NOT NULL,
    occurred_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id, created_at)
) PARTITION BY RANGE (created_at);
CREATE INDEX detections_payment ON detector.detections (tenant_id, payment_id);
SELECT partitions.register('detector.detections', keep => interval '24 months');

CREATE TABLE detector.outbox (
    message_id uuid PRIMARY KEY,
    type text NOT NULL,
    body bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX outbox_created_at ON detector.outbox (created_at);

GRANT SELECT, INSERT, DELETE ON detector.decided TO orylo_detector;
GRANT SELECT, INSERT ON detector.detections TO orylo_detector;
-- UPDATE: a row is locked before it is swept.
GRANT SELECT, INSERT, UPDATE, DELETE ON detector.outbox TO orylo_detector;
GRANT USAGE ON SCHEMA control TO orylo_detector;
GRANT SELECT ON control.tenants, control.settings TO orylo_detector;
