-- The tenant's right to its own destinations, whose secrets it may replace but not read. Locks their table for a moment.
CREATE POLICY writers ON control.destinations TO orylo_api USING (true);
CREATE POLICY one_tenant ON control.destinations AS RESTRICTIVE TO orylo_api USING (tenant_id = api.current_tenant());
GRANT SELECT (id, tenant_id, kind, name, config, enabled, created_at, updated_at) ON control.destinations TO orylo_api;
GRANT INSERT, UPDATE (config, enabled, secret_encrypted, updated_at) ON control.destinations TO orylo_api;
