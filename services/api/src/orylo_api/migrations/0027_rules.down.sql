-- Drops the counts of hits.
REVOKE ALL ON control.rules, control.rule_versions, control.rule_snoozes, control.fuses FROM orylo_api;
DROP POLICY one_tenant ON control.rules;
DROP POLICY one_tenant ON control.rule_versions;
DROP POLICY one_tenant ON control.rule_snoozes;
DROP POLICY one_tenant ON control.fuses;
DROP TABLE api.rule_hits;
