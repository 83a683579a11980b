-- Drops the points and the overrides of all decisions.
ALTER TABLE detector.detections DROP COLUMN points, DROP COLUMN override;
