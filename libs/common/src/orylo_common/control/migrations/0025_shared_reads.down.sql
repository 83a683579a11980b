-- Drops the functions: other services' outboxes are not measured, and the private port of trust knows no API key.
DROP FUNCTION control.tenant_of_api_key(bytea), control.outboxes();
