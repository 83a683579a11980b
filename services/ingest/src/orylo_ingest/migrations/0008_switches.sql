-- Ingest follows the switches that stop webhooks, and tenants' flags. Policies and grants only; locks nothing.
CREATE POLICY all_tenants_of_ingest ON control.switches FOR SELECT TO orylo_ingest USING (true);
CREATE POLICY all_tenants_of_ingest ON control.flags FOR SELECT TO orylo_ingest USING (true);
GRANT SELECT ON control.switches, control.flags TO orylo_ingest;
