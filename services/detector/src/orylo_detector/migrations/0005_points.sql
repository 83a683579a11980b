-- The points of a decision's reasons, which add up to its risk, and the list entry that decided in its place. Columns
-- with constant defaults: the table is locked for a moment and not rewritten. Earlier decisions have no points.
ALTER TABLE detector.detections
    ADD COLUMN points jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN override text;
