-- Dispatch follows the switches that stop sending, and tenants' flags. Policies and grants only; locks nothing.
CREATE POLICY all_tenants_of_dispatch ON control.switches FOR SELECT TO orylo_dispatch USING (true);
CREATE POLICY all_tenants_of_dispatch ON control.flags FOR SELECT TO orylo_dispatch USING (true);
GRANT SELECT ON control.switches, control.flags TO orylo_dispatch;
