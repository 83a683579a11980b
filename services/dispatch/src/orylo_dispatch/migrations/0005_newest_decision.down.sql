-- Drops the marks of conversions that should not have been sent.
ALTER TABLE dispatch.deliveries DROP COLUMN decision_version, DROP COLUMN correction;
ALTER TABLE dispatch.decisions DROP COLUMN version;
