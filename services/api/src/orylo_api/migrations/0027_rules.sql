-- The hits of rules by day, and the tenant's right to its own rules and fuse. New objects only; locks nothing.
CREATE TABLE api.rule_hits (
    tenant_id uuid NOT NULL,
    rule_id uuid NOT NULL,
    day date NOT NULL,
    mode text NOT NULL CHECK (mode IN ('on', 'shadow')),
    currency text NOT NULL,
    payments bigint NOT NULL,
    amount_minor numeric NOT NULL,
    -- Payments whose decision the rule changed, or would change if it were on.
    changed bigint NOT NULL,
    changed_minor numeric NOT NULL,
    PRIMARY KEY (tenant_id, rule_id, day, mode, currency)
);
SELECT api.bind_to_tenant('rule_hits');
GRANT SELECT ON api.rule_hits TO orylo_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON api.rule_hits TO orylo_api_projector;

CREATE POLICY one_tenant ON control.rules TO orylo_api USING (tenant_id = api.current_tenant());
CREATE POLICY one_tenant ON control.rule_versions TO orylo_api USING (tenant_id = api.current_tenant());
CREATE POLICY one_tenant ON control.rule_snoozes TO orylo_api USING (tenant_id = api.current_tenant());
CREATE POLICY one_tenant ON control.fuses TO orylo_api USING (tenant_id = api.current_tenant());
GRANT SELECT, INSERT, UPDATE ON control.rules TO orylo_api;
GRANT SELECT, INSERT ON control.rule_versions TO orylo_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON control.rule_snoozes TO orylo_api;
GRANT SELECT, UPDATE ON control.fuses TO orylo_api;
