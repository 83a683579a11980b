-- Lets each tenant read and change its own lists through the API, and the projector delete entries that expired long
-- ago. Policies and grants only; locks nothing.
CREATE POLICY one_tenant ON control.list_entries TO orylo_api USING (tenant_id = api.current_tenant());
CREATE POLICY all_tenants_expired ON control.list_entries TO orylo_api_projector USING (expires_at < now());
GRANT SELECT, INSERT, UPDATE, DELETE ON control.list_entries TO orylo_api;
GRANT SELECT, DELETE ON control.list_entries TO orylo_api_projector;
-- Encrypted with the master key. The API hashes documents that people enter.
GRANT SELECT (key_encrypted) ON control.document_key TO orylo_api;
