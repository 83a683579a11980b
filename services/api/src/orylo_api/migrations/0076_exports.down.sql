-- Drops the files of all exports.
DROP TABLE api.export_parts;
REVOKE UPDATE (result_until) ON api.jobs FROM orylo_api;
ALTER TABLE api.jobs DROP COLUMN result_until;
