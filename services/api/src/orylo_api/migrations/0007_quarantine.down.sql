-- Forgets which webhooks were set aside; ingest still has them.
DROP TABLE api.quarantine_view;
