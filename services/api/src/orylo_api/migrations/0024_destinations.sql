-- Whether each destination can be sent to, and the tenant's own destinations. New objects only; locks nothing.
CREATE TABLE api.destination_states_view (
    tenant_id uuid NOT NULL,
    destination_id uuid NOT NULL,
    -- As dispatch counts the changes; the highest is kept.
    version bigint NOT NULL,
    status text NOT NULL,
    since timestamptz NOT NULL,
    code text,
    reason text,
    PRIMARY KEY (tenant_id, destination_id)
);
SELECT api.bind_to_tenant('destination_states_view');
GRANT SELECT ON api.destination_states_view TO orylo_api;
GRANT SELECT, INSERT, UPDATE ON api.destination_states_view TO orylo_api_projector;

-- Shows only the tenant to which a transaction is bound, and neither secrets nor configuration.
CREATE VIEW api.destinations WITH (security_barrier) AS
    SELECT id, kind, name, enabled, created_at FROM control.destinations
    WHERE tenant_id = nullif(current_setting('orylo.tenant_id', true), '')::uuid;
GRANT SELECT ON api.destinations TO orylo_api;
