-- Drops the methods that were tried and the utm parameters. A rebuild of the payments restores them from the messages.
ALTER TABLE api.conversions_view DROP COLUMN match_utm, DROP COLUMN match_tried;
