-- Takes the lists away from the API; they stay in effect.
REVOKE SELECT (key_encrypted) ON control.document_key FROM orylo_api;
REVOKE SELECT, DELETE ON control.list_entries FROM orylo_api_projector;
REVOKE SELECT, INSERT, UPDATE, DELETE ON control.list_entries FROM orylo_api;
DROP POLICY all_tenants_expired ON control.list_entries;
DROP POLICY one_tenant ON control.list_entries;
