-- What is known of each recent payment: its facts, its newest decision and the histories that the decision used. The
-- table takes the place of the claims of single events. New columns with constant defaults: the tables are locked for
-- a moment and not rewritten.
CREATE TABLE detector.recent_payments (
    tenant_id uuid NOT NULL,
    payment_id text NOT NULL,
    -- Counts the changes of the row.
    version integer NOT NULL,
    known bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, payment_id)
) WITH (
    -- Room on the page for later events of the same payment.
    fillfactor = 80
);
CREATE INDEX recent_payments_created_at ON detector.recent_payments USING brin (created_at);
COMMENT ON COLUMN detector.recent_payments.known IS 'JSON, compressed';

ALTER TABLE detector.detections
    ADD COLUMN version integer NOT NULL DEFAULT 0,
    ADD COLUMN replaces uuid;
COMMENT ON COLUMN detector.detections.version IS 'increases with each decision on the payment, with gaps';
COMMENT ON COLUMN detector.detections.replaces IS 'the payment''s decision before this one';

-- Decisions of earlier versions, so that a redelivered event is not decided again and the next decision on the payment
-- names the one that it replaces. An uncompressed document, which readers take as it is.
INSERT INTO detector.recent_payments (tenant_id, payment_id, version, known)
SELECT DISTINCT ON (d.tenant_id, d.payment_id) d.tenant_id, d.payment_id, 1, convert_to(jsonb_build_object(
    'facts', jsonb_build_array(jsonb_build_object(
        'type', d.payment_type, 'message_id', d.id, 'tenant_id', d.tenant_id, 'correlation_id', d.id,
        'occurred_at', d.occurred_at, 'event_id', d.event_id, 'gateway', d.gateway, 'gateway_event_type', 'unknown',
        'customer_id', d.customer_id, 'payment_id', d.payment_id, 'amount_minor', d.amount_minor, 'currency', d.currency
    )),
    'decided', jsonb_build_object(
        'detection_id', d.id, 'payment_type', d.payment_type, 'decision', d.decision, 'amount_minor', d.amount_minor,
        'currency', d.currency, 'override', d.override, 'points', d.points, 'degraded', d.degraded
    )
)::text, 'UTF8')
FROM detector.detections AS d
WHERE d.created_at > now() - interval '7 days'
ORDER BY d.tenant_id, d.payment_id,
         array_position(ARRAY['payment.created.v1', 'payment.failed.v1', 'payment.succeeded.v1'], d.payment_type) DESC,
         d.occurred_at DESC, d.event_id DESC;

DROP TABLE detector.decided;

GRANT SELECT, INSERT, UPDATE, DELETE ON detector.recent_payments TO orylo_detector;
-- A later event may name the payer.
GRANT UPDATE (customer_id) ON detector.paid TO orylo_detector;
