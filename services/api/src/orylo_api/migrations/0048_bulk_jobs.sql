-- The job that settled a row. Nullable columns without a default: locks each table for an instant.
ALTER TABLE api.dead_letters ADD COLUMN job_id uuid;
ALTER TABLE api.quarantine_view ADD COLUMN job_id uuid;
CREATE INDEX dead_letters_job ON api.dead_letters (tenant_id, job_id) WHERE job_id IS NOT NULL;
CREATE INDEX quarantine_job ON api.quarantine_view (tenant_id, job_id) WHERE job_id IS NOT NULL;
GRANT UPDATE (job_id) ON api.dead_letters, api.quarantine_view TO orylo_api;
