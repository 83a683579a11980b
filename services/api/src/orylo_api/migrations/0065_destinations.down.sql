-- Takes the right away.
REVOKE ALL ON control.destinations FROM orylo_api;
DROP POLICY one_tenant ON control.destinations;
DROP POLICY writers ON control.destinations;
