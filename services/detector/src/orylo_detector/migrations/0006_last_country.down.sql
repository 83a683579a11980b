-- Drops where the customers last paid from.
ALTER TABLE detector.customers DROP COLUMN located_at, DROP COLUMN last_country;
