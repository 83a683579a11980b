-- The utm parameters of clicks, and of each conversion the methods that found no click. Nullable columns without a
-- default: each lock lasts milliseconds.
ALTER TABLE dispatch.clicks ADD COLUMN utm jsonb;
ALTER TABLE dispatch.deliveries
    ADD COLUMN match_tried jsonb,
    -- Of the click that the payment is attributed to, as it was at that time.
    ADD COLUMN match_utm jsonb;
