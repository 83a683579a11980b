-- The tenant's right to its own gateways and their secrets. Locks both tables for an instant.
GRANT SELECT, INSERT, UPDATE ON control.gateways TO orylo_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON control.gateway_secrets TO orylo_api;

-- One policy for all roles: ingest reads all tenants' gateways, before and after this migration.
CREATE POLICY one_tenant_for_the_api ON control.gateways
    USING (current_user <> 'orylo_api' OR tenant_id = nullif(current_setting('orylo.tenant_id', true), '')::uuid);
CREATE POLICY one_tenant_for_the_api ON control.gateway_secrets
    USING (current_user <> 'orylo_api' OR tenant_id = nullif(current_setting('orylo.tenant_id', true), '')::uuid);
ALTER TABLE control.gateways ENABLE ROW LEVEL SECURITY;
ALTER TABLE control.gateway_secrets ENABLE ROW LEVEL SECURITY;
