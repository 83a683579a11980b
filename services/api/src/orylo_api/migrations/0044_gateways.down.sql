-- Takes back the API's right to gateways. Locks both tables for an instant.
REVOKE ALL ON control.gateways, control.gateway_secrets FROM orylo_api;
ALTER TABLE control.gateways DISABLE ROW LEVEL SECURITY;
ALTER TABLE control.gateway_secrets DISABLE ROW LEVEL SECURITY;
DROP POLICY one_tenant_for_the_api ON control.gateways;
DROP POLICY one_tenant_for_the_api ON control.gateway_secrets;
