-- The role itself stays: other databases of the cluster may use it.
DROP FUNCTION api.bind_to_tenant, api.current_tenant;
REVOKE SELECT ON api.schema_migrations FROM orylo_api_projector;
REVOKE USAGE ON SCHEMA api FROM orylo_api_projector;
