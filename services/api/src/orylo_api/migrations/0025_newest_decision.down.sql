-- Drops the versions of decisions and the marks of conversions.
ALTER TABLE api.conversions_view DROP COLUMN correction, DROP COLUMN correction_version;
ALTER TABLE api.detections_view DROP COLUMN version, DROP COLUMN replaces;
