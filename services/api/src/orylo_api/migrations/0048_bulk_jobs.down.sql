-- Forgets which job settled a row.
ALTER TABLE api.dead_letters DROP COLUMN job_id;
ALTER TABLE api.quarantine_view DROP COLUMN job_id;
