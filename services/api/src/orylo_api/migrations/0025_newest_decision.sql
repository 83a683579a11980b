-- Versions of decisions, and conversions that a newer decision contradicts. Columns with constant defaults: the tables are
-- locked for a moment and not rewritten.
ALTER TABLE api.detections_view
    ADD COLUMN version integer NOT NULL DEFAULT 0,
    ADD COLUMN replaces uuid;
COMMENT ON COLUMN api.detections_view.version IS 'the payment''s decision with the highest is its current one';

ALTER TABLE api.conversions_view
    ADD COLUMN correction text,
    ADD COLUMN correction_version integer NOT NULL DEFAULT 0;
