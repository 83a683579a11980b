-- Counts of messages by quarter of an hour, from which days of any time zone can be summed; and by hour for 24 months, so
-- that no rows of days are needed. Rewrites the rows of days; batches wait until it is done.
ALTER TABLE api.rollups DROP CONSTRAINT rollups_grain_check;
-- Replicas of the version before still write rows of days, api.rollup_amounts and these columns, which
-- api.payment_rollups and api.conversion_rollups replace.
ALTER TABLE api.rollups ADD CONSTRAINT rollups_grain_check CHECK (grain IN ('minute', 'quarter', 'hour', 'day'));
ALTER TABLE api.rollups
    ALTER COLUMN payments_succeeded SET DEFAULT 0,
    ALTER COLUMN conversions_matched SET DEFAULT 0,
    ALTER COLUMN conversions_dispatched SET DEFAULT 0,
    ALTER COLUMN conversions_suppressed SET DEFAULT 0;

-- Hours were deleted after 90 days. A day before that counts in its first hour.
INSERT INTO api.rollups (
    tenant_id, grain, bucket,
    webhooks, clicks, checkouts, detections_allow, detections_review, detections_block, detections_degraded,
    payments_succeeded, payments_failed, payments_canceled, payments_refunded, disputes_opened, disputes_won,
    disputes_lost, fraud_warnings, conversions_matched, conversions_dispatched, conversions_suppressed, dead_letters
)
SELECT
    tenant_id, 'hour', bucket,
    webhooks, clicks, checkouts, detections_allow, detections_review, detections_block, detections_degraded,
    payments_succeeded, payments_failed, payments_canceled, payments_refunded, disputes_opened, disputes_won,
    disputes_lost, fraud_warnings, conversions_matched, conversions_dispatched, conversions_suppressed, dead_letters
FROM api.rollups AS day
WHERE grain = 'day' AND NOT EXISTS (
    SELECT FROM api.rollups AS hour
    WHERE hour.tenant_id = day.tenant_id AND hour.grain = 'hour'
      AND hour.bucket >= day.bucket AND hour.bucket < day.bucket + interval '1 day'
);
-- Older counts, which are known by hour only, are those of the hour's first quarter.
INSERT INTO api.rollups (
    tenant_id, grain, bucket,
    webhooks, clicks, checkouts, detections_allow, detections_review, detections_block, detections_degraded,
    payments_succeeded, payments_failed, payments_canceled, payments_refunded, disputes_opened, disputes_won,
    disputes_lost, fraud_warnings, conversions_matched, conversions_dispatched, conversions_suppressed, dead_letters
)
SELECT
    tenant_id, 'quarter', bucket,
    webhooks, clicks, checkouts, detections_allow, detections_review, detections_block, detections_degraded,
    payments_succeeded, payments_failed, payments_canceled, payments_refunded, disputes_opened, disputes_won,
    disputes_lost, fraud_warnings, conversions_matched, conversions_dispatched, conversions_suppressed, dead_letters
FROM api.rollups WHERE grain = 'hour';
DELETE FROM api.rollups WHERE grain = 'day';
