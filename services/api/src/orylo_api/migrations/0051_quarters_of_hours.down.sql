-- Sums hours to days again. What the rollups of payments counted since is missing from the older ones. Batches wait until it
-- is done.
DELETE FROM api.rollups WHERE grain IN ('quarter', 'day');
INSERT INTO api.rollups (
    tenant_id, grain, bucket,
    webhooks, clicks, checkouts, detections_allow, detections_review, detections_block, detections_degraded,
    payments_succeeded, payments_failed, payments_canceled, payments_refunded, disputes_opened, disputes_won,
    disputes_lost, fraud_warnings, conversions_matched, conversions_dispatched, conversions_suppressed, dead_letters
)
SELECT
    tenant_id, 'day', date_trunc('day', bucket, 'UTC'),
    sum(webhooks), sum(clicks), sum(checkouts), sum(detections_allow), sum(detections_review), sum(detections_block),
    sum(detections_degraded), sum(payments_succeeded), sum(payments_failed), sum(payments_canceled),
    sum(payments_refunded), sum(disputes_opened), sum(disputes_won), sum(disputes_lost), sum(fraud_warnings),
    sum(conversions_matched), sum(conversions_dispatched), sum(conversions_suppressed), sum(dead_letters)
FROM api.rollups WHERE grain = 'hour' GROUP BY 1, 3;
ALTER TABLE api.rollups
    ALTER COLUMN payments_succeeded DROP DEFAULT,
    ALTER COLUMN conversions_matched DROP DEFAULT,
    ALTER COLUMN conversions_dispatched DROP DEFAULT,
    ALTER COLUMN conversions_suppressed DROP DEFAULT;
ALTER TABLE api.rollups DROP CONSTRAINT rollups_grain_check;
ALTER TABLE api.rollups ADD CONSTRAINT rollups_grain_check CHECK (grain IN ('minute', 'hour', 'day'));
