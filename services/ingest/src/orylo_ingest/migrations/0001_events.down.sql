-- Drops every gateway event, and what recognises repeats.
REVOKE SELECT ON control.tenants, control.gateways, control.gateway_secrets, control.settings FROM orylo_ingest;
REVOKE USAGE ON SCHEMA control FROM orylo_ingest;
DROP TABLE ingest.outbox, ingest.facts, ingest.dedupe_registry, ingest.events;
DELETE FROM partitions.tables WHERE parent = 'ingest.events';
