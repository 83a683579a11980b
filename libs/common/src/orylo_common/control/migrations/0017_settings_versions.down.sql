-- Drops the versions of settings. The current values stay.
DROP POLICY readable ON control.settings;
ALTER TABLE control.settings DISABLE ROW LEVEL SECURITY;
ALTER TABLE control.settings DROP COLUMN version;
DROP TABLE control.settings_versions;
