-- Takes switches and flags away from the API.
REVOKE ALL ON control.switches, control.flags FROM orylo_api, orylo_api_projector;
DROP POLICY operators_lines ON control.audit_log;
DROP POLICY all_tenants ON control.switches;
DROP POLICY platform_changed ON control.switches;
DROP POLICY platform_seen ON control.switches;
DROP POLICY one_tenant ON control.switches;
DROP POLICY one_tenant ON control.flags;
REVOKE SELECT (id, tenant_id, kind, enabled) ON control.destinations FROM orylo_api_projector;
