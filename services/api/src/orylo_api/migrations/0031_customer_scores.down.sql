-- Drops the scores by cause and the ends of statuses.
ALTER TABLE api.customers_view DROP COLUMN status_expires_at, DROP COLUMN trust_causes, DROP COLUMN trust_start;
