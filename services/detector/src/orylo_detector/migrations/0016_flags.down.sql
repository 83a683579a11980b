-- The detector no longer follows flags.
REVOKE SELECT ON control.flags FROM orylo_detector;
DROP POLICY all_tenants_of_detector ON control.flags;
