-- Drops the rollups, which the next migration makes again from the rows. The index' drop locks payments for a moment.
DROP TABLE api.payment_rollups, api.method_rollups, api.decline_rollups, api.conversion_rollups, api.delivery_rollups;
DROP VIEW api.counted_payments, api.counted_conversions;
DROP INDEX api.payments_time;
DROP FUNCTION api.payment_time, api.payment_outcome, api.is_fraud, api.latency_bucket;
