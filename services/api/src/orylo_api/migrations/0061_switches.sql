-- Lets each tenant change its own switches and flags through the API, and operators those of the platform, whose tenant
-- is zero. The projector's role follows all of them. Policies and grants only; locks nothing.
CREATE POLICY one_tenant ON control.flags TO orylo_api USING (tenant_id = api.current_tenant());
GRANT SELECT, INSERT, UPDATE, DELETE ON control.flags TO orylo_api;

CREATE POLICY one_tenant ON control.switches TO orylo_api USING (tenant_id = api.current_tenant());
-- Everyone whom a switch of the platform affects may see it.
CREATE POLICY platform_seen ON control.switches FOR SELECT TO orylo_api USING (
    tenant_id = '00000000-0000-0000-0000-000000000000' AND api.current_tenant() IS NOT NULL
);
CREATE POLICY platform_changed ON control.switches TO orylo_api USING (
    tenant_id = '00000000-0000-0000-0000-000000000000' AND current_setting('orylo.role', true) = 'operator'
);
GRANT SELECT, INSERT, UPDATE, DELETE ON control.switches TO orylo_api;
CREATE POLICY operators_lines ON control.audit_log FOR INSERT TO orylo_api WITH CHECK (
    tenant_id = '00000000-0000-0000-0000-000000000000' AND current_setting('orylo.role', true) = 'operator'
);

CREATE POLICY all_tenants ON control.switches FOR SELECT TO orylo_api_projector USING (true);
GRANT SELECT ON control.switches TO orylo_api_projector;
-- The health of payments says whether Stripe answers, if a tenant has a destination there. Neither keys nor names.
GRANT SELECT (id, tenant_id, kind, enabled) ON control.destinations TO orylo_api_projector;
