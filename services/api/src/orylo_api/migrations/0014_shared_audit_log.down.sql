-- Moves the API's lines back to a table of its own; those of the command stay. Locks control.audit_log while it copies.
CREATE TABLE api.audit_log (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    at timestamptz NOT NULL,
    actor_kind text NOT NULL,
    actor_id uuid NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    before jsonb,
    after jsonb,
    address text NOT NULL,
    user_agent text NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
SELECT api.bind_to_tenant('audit_log');
GRANT SELECT, INSERT ON api.audit_log TO orylo_api, orylo_api_projector;

LOCK TABLE control.audit_log IN EXCLUSIVE MODE;
INSERT INTO api.audit_log
SELECT tenant_id, id, at, actor_kind, actor_id, actor, action, subject, before, after, address, user_agent
FROM control.audit_log WHERE actor_id IS NOT NULL;
DELETE FROM control.audit_log WHERE actor_id IS NOT NULL;

REVOKE SELECT, INSERT ON control.audit_log FROM orylo_api, orylo_api_projector;
REVOKE USAGE ON SCHEMA control FROM orylo_api;
DROP POLICY one_tenant ON control.audit_log;
DROP POLICY all_tenants ON control.audit_log;
