-- Drops the sums and the payments of score changes; the changes stay.
ALTER TABLE api.trust_changes DROP COLUMN start, DROP COLUMN total, DROP COLUMN payment_id;
