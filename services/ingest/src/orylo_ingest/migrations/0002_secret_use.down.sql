-- Takes the right to note it back.
REVOKE UPDATE (last_used_at) ON control.gateway_secrets FROM orylo_ingest;
