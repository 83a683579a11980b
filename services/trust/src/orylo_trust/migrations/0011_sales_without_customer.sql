-- The points of a sale without a customer wait for a later event that names its buyer. Nullable columns: the table is
-- locked for a moment only.
ALTER TABLE trust.waiting
    -- Set for points that are limited per calendar month, as in the ledger.
    ADD COLUMN month date,
    ADD COLUMN monthly_cap smallint,
    ADD CHECK ((month IS NULL) = (monthly_cap IS NULL));
