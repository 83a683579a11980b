-- Moves the audit log to schema control, where the command writes it too. Locks api.audit_log while it copies.
LOCK TABLE api.audit_log IN ACCESS EXCLUSIVE MODE;
INSERT INTO control.audit_log (
    tenant_id, id, at, actor_kind, actor_id, actor, action, subject, before, after, address, user_agent
)
SELECT tenant_id, id, at, actor_kind, actor_id, actor, action, subject, before, after, address, user_agent
FROM api.audit_log;
DROP TABLE api.audit_log;

CREATE POLICY one_tenant ON control.audit_log TO orylo_api USING (tenant_id = api.current_tenant());
CREATE POLICY all_tenants ON control.audit_log TO orylo_api_projector USING (true);
GRANT USAGE ON SCHEMA control TO orylo_api;
-- No role is granted UPDATE or DELETE.
GRANT SELECT, INSERT ON control.audit_log TO orylo_api, orylo_api_projector;
