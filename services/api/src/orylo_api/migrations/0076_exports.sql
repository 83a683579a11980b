-- Files of exports, in parts, and when a job's result is deleted. A new table, and a nullable column without a default: locks api.jobs
-- for an instant.
ALTER TABLE api.jobs ADD COLUMN result_until timestamptz;
GRANT UPDATE (result_until) ON api.jobs TO orylo_api;

CREATE TABLE api.export_parts (
    tenant_id uuid NOT NULL,
    job_id uuid NOT NULL,
    number integer NOT NULL,
    -- Whole lines, compressed by zlib.
    body bytea NOT NULL,
    PRIMARY KEY (tenant_id, job_id, number),
    FOREIGN KEY (tenant_id, job_id) REFERENCES api.jobs (tenant_id, id) ON DELETE CASCADE
);
-- Compressed already.
ALTER TABLE api.export_parts ALTER COLUMN body SET STORAGE EXTERNAL;

SELECT api.bind_to_tenant('export_parts');
GRANT SELECT, INSERT ON api.export_parts TO orylo_api;
GRANT SELECT, DELETE ON api.export_parts TO orylo_api_projector;
