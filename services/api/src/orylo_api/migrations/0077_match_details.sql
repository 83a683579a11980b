-- The methods that found no click for a conversion, and the utm parameters of its click. Nullable columns without a
-- default: the lock lasts milliseconds.
ALTER TABLE api.conversions_view
    ADD COLUMN match_tried jsonb,
    ADD COLUMN match_utm jsonb;
