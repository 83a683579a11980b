-- Dispatch no longer follows switches and flags.
REVOKE SELECT ON control.switches, control.flags FROM orylo_dispatch;
DROP POLICY all_tenants_of_dispatch ON control.switches;
DROP POLICY all_tenants_of_dispatch ON control.flags;
