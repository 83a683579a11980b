-- When each secret was last used is noted where people look for it. A grant only; locks nothing.
GRANT UPDATE (last_used_at) ON control.gateway_secrets TO orylo_ingest;
