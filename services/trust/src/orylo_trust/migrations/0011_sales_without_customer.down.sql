-- Sales without a customer give no points again.
DELETE FROM trust.waiting WHERE month IS NOT NULL;
ALTER TABLE trust.waiting DROP COLUMN monthly_cap, DROP COLUMN month;
