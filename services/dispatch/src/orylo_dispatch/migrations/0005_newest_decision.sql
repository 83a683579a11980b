-- The newest decision on an event counts, and conversions that it contradicts after they were sent are marked. Columns
-- with constant defaults: the tables are locked for a moment and not rewritten.
ALTER TABLE dispatch.decisions ADD COLUMN version integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN dispatch.decisions.version IS 'of the decision; the highest counts';

ALTER TABLE dispatch.deliveries
    ADD COLUMN decision_version integer NOT NULL DEFAULT 0,
    ADD COLUMN correction text;
COMMENT ON COLUMN dispatch.deliveries.correction IS 'why a conversion should not have been sent, such as blocked';
