-- Lets each tenant read and change its own settings through the API, and each user their own preferences. Policies,
-- grants and a new table only; locks nothing.
-- Restrictive: the table's own policy lets every service read all rows.
CREATE POLICY only_one_tenant ON control.settings AS RESTRICTIVE TO orylo_api USING (tenant_id = api.current_tenant());
CREATE POLICY one_tenant ON control.settings TO orylo_api USING (tenant_id = api.current_tenant());
CREATE POLICY one_tenant ON control.settings_versions TO orylo_api USING (tenant_id = api.current_tenant());
GRANT SELECT, INSERT, UPDATE ON control.settings TO orylo_api;
-- No version is ever changed.
GRANT SELECT, INSERT ON control.settings_versions TO orylo_api;

CREATE TABLE api.user_preferences (
    tenant_id uuid NOT NULL,
    user_id uuid NOT NULL REFERENCES control.users ON DELETE CASCADE,
    -- What the user chose. An absent key: the shop's, or the dashboard's own.
    value jsonb NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, user_id)
);
SELECT api.bind_to_tenant('user_preferences');
GRANT SELECT, INSERT, UPDATE ON api.user_preferences TO orylo_api;

-- A preview of thresholds counts the newest decisions of payments by their risk. Most payments have none.
CREATE INDEX detections_risk ON api.detections_view (tenant_id, risk_score, created_at) WHERE risk_score > 0;
