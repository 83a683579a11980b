-- Takes the settings away from the API, and drops the users' preferences.
DROP INDEX api.detections_risk;
DROP TABLE api.user_preferences;
REVOKE ALL ON control.settings, control.settings_versions FROM orylo_api;
DROP POLICY one_tenant ON control.settings_versions;
DROP POLICY one_tenant ON control.settings;
DROP POLICY only_one_tenant ON control.settings;
