-- Ingest no longer follows switches and flags.
REVOKE SELECT ON control.switches, control.flags FROM orylo_ingest;
DROP POLICY all_tenants_of_ingest ON control.switches;
DROP POLICY all_tenants_of_ingest ON control.flags;
