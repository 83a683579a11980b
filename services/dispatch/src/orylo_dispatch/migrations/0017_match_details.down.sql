-- Drops the utm parameters and the methods that were tried. Messages that were published keep them.
ALTER TABLE dispatch.deliveries DROP COLUMN match_utm, DROP COLUMN match_tried;
ALTER TABLE dispatch.clicks DROP COLUMN utm;
