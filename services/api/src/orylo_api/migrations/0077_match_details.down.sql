-- Drops the methods that were tried and the utm parameters for good. No rebuild restores them.
ALTER TABLE api.conversions_view DROP COLUMN match_utm, DROP COLUMN match_tried;
