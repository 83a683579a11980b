-- Drops the audit log, and messages not yet published.
DROP TABLE api.idempotency_keys, api.audit_log, api.outbox;
