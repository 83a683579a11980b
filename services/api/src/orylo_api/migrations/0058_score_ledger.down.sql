-- Drops the sums of score changes; the changes stay.
ALTER TABLE api.trust_changes DROP COLUMN start, DROP COLUMN total;
