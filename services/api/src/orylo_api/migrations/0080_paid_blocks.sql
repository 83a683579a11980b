-- Payments that are blocked and whose money the shop still has, without a verdict that they are legitimate. The list of
-- what needs a person read every payment that was blocked within a week; their sums are some hundred rows.
ALTER TABLE api.payment_rollups
    ADD COLUMN paid_blocks integer NOT NULL DEFAULT 0,
    ADD COLUMN paid_blocks_minor numeric NOT NULL DEFAULT 0;

CREATE OR REPLACE VIEW api.counted_payments WITH (security_invoker = true) AS
SELECT p.tenant_id, p.payment_id, api.payment_time(p.details_key, p.created_at) AS at,
       left(p.gateway, 40) AS gateway,
       left(coalesce(p.details ->> 'payment_method', p.enriched #>> '{payment_method,1}', ''), 40) AS method,
       p.currency,
       coalesce(d.decision, '') AS decision,
       CASE WHEN o.outcome = 'failed' THEN left(coalesce(p.details #>> '{attributes,payment.failure_code}', ''), 60)
            ELSE '' END AS decline_code,
       1 AS payments,
       s.succeeded::integer AS succeeded,
       (o.outcome = 'failed')::integer AS failed,
       (o.outcome = 'canceled')::integer AS canceled,
       (o.refunded > 0)::integer AS refunded,
       (o.outcome IN ('disputed', 'dispute_won', 'chargeback'))::integer AS disputed,
       (o.outcome = 'chargeback')::integer AS chargebacks,
       (coalesce(d.degraded, '[]') <> '[]')::integer AS degraded,
       (coalesce(d.decision, '') IN ('review', 'block') AND e.verdict IS NOT DISTINCT FROM 'legitimate')::integer AS false_alarms,
       (s.succeeded AND coalesce(e.verdict, '') IN ('fraud', 'legitimate'))::integer AS judged,
       (s.succeeded AND f.fraud)::integer AS frauds,
       (f.stopped IS NOT DISTINCT FROM 'declined')::integer AS stopped_declined,
       (f.stopped IS NOT DISTINCT FROM 'canceled')::integer AS stopped_canceled,
       (f.stopped IS NOT DISTINCT FROM 'refunded')::integer AS stopped_refunded,
       (f.stopped IS NOT DISTINCT FROM 'at_provider')::integer AS stopped_at_provider,
       p.amount_minor::numeric AS amount_minor,
       CASE WHEN s.succeeded THEN p.amount_minor ELSE 0 END::numeric AS succeeded_minor,
       o.refunded AS refunded_minor,
       CASE WHEN o.outcome = 'chargeback' THEN p.amount_minor ELSE 0 END::numeric AS chargeback_minor,
       CASE WHEN s.succeeded AND f.fraud THEN p.amount_minor ELSE 0 END::numeric AS fraud_minor,
       CASE WHEN f.stopped = 'declined' THEN p.amount_minor ELSE 0 END::numeric AS stopped_declined_minor,
       CASE WHEN f.stopped = 'canceled' THEN p.amount_minor ELSE 0 END::numeric AS stopped_canceled_minor,
       CASE WHEN f.stopped = 'refunded' THEN o.refunded ELSE 0 END AS stopped_refunded_minor,
       CASE WHEN f.stopped = 'at_provider' THEN p.amount_minor ELSE 0 END::numeric AS stopped_at_provider_minor,
       b.paid::integer AS paid_blocks,
       CASE WHEN b.paid THEN p.amount_minor - o.refunded ELSE 0 END AS paid_blocks_minor
FROM api.payments_view AS p
CROSS JOIN LATERAL api.payment_outcome(p.state, p.refunded_minor, p.reversals) AS o
CROSS JOIN LATERAL (SELECT p.details_key >= '5|' AS succeeded) AS s
LEFT JOIN LATERAL (
    SELECT n.decision, n.findings -> 'degraded' AS degraded FROM api.detections_view AS n
    WHERE n.tenant_id = p.tenant_id AND n.payment_id = p.payment_id ORDER BY n.version DESC, n.id DESC LIMIT 1
) AS d ON true
LEFT JOIN api.fraud_evidence AS e ON e.tenant_id = p.tenant_id AND e.payment_id = p.payment_id
LEFT JOIN LATERAL (
    -- Stopped is what a person judged fraud, and what Orylo blocked unless a person judged it legitimate.
    SELECT api.is_fraud(e.reports) AS fraud, CASE
        WHEN coalesce(e.verdict, '') <> 'fraud' AND (coalesce(d.decision, '') <> 'block' OR e.verdict = 'legitimate') THEN NULL
        WHEN EXISTS (
            SELECT FROM api.actions_view AS a
            WHERE a.tenant_id = p.tenant_id AND a.payment_id = p.payment_id AND a.status = 'done'
        ) THEN 'at_provider'
        WHEN o.outcome = 'canceled' THEN 'canceled'
        WHEN o.outcome = 'failed' THEN 'declined'
        WHEN o.refunded > 0 THEN 'refunded'
    END AS stopped
) AS f ON true
CROSS JOIN LATERAL (
    SELECT coalesce(d.decision, '') = 'block' AND o.outcome IN ('succeeded', 'partially_refunded')
           AND e.verdict IS DISTINCT FROM 'legitimate' AS paid
) AS b
-- Below '0' only later events of the payment are known, which its own event has yet to follow.
WHERE p.state_key >= '0' AND (p.details ->> 'test') IS DISTINCT FROM 'true';

-- It made VACUUM mark pages early, so that the blocks of a week were read from their index alone. They no longer are.
ALTER TABLE api.detections_view RESET (autovacuum_vacuum_insert_scale_factor);

-- Reads each payment with a block once: some 50 microseconds each.
UPDATE api.payment_rollups AS r SET paid_blocks = counted.paid_blocks, paid_blocks_minor = counted.paid_blocks_minor
FROM (
    SELECT c.tenant_id, grain, date_bin(length, c.at, '2000-01-01T00:00:00Z') AS bucket, c.gateway, c.currency, c.decision,
           sum(c.paid_blocks) AS paid_blocks, sum(c.paid_blocks_minor) AS paid_blocks_minor
    FROM (SELECT DISTINCT tenant_id, payment_id FROM api.detections_view WHERE decision = 'block') AS blocked
    JOIN api.counted_payments AS c USING (tenant_id, payment_id)
    CROSS JOIN (VALUES ('minute', interval '1 minute'), ('quarter', '15 minutes'), ('hour', '1 hour'), ('day', '1 day'))
        AS g (grain, length)
    WHERE c.paid_blocks > 0
    GROUP BY 1, 2, 3, 4, 5, 6
) AS counted
WHERE (r.tenant_id, r.grain, r.bucket, r.gateway, r.currency, r.decision)
    = (counted.tenant_id, counted.grain, counted.bucket, counted.gateway, counted.currency, counted.decision);
