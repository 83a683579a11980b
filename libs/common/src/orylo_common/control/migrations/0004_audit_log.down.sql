-- Drops the audit log with all of its lines. Roll back api/0014 first to keep those of the API.
DROP TABLE control.audit_log;
