-- The detector follows tenants' flags. A policy and a grant only; locks nothing.
CREATE POLICY all_tenants_of_detector ON control.flags FOR SELECT TO orylo_detector USING (true);
GRANT SELECT ON control.flags TO orylo_detector;
