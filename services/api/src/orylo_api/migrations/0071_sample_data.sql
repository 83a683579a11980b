-- The API adds and removes sample sales. It may do so with no other rows of these read models.
GRANT INSERT, DELETE ON api.payments_view, api.detections_view TO orylo_api;
CREATE POLICY added_by_api ON api.payments_view AS RESTRICTIVE FOR INSERT TO orylo_api
    WITH CHECK (payment_id ~ '^[a-z]+:(pi_sample_data|sample-data)_');
CREATE POLICY removed_by_api ON api.payments_view AS RESTRICTIVE FOR DELETE TO orylo_api
    USING (payment_id ~ '^[a-z]+:(pi_sample_data|sample-data)_');
CREATE POLICY added_by_api ON api.detections_view AS RESTRICTIVE FOR INSERT TO orylo_api
    WITH CHECK (payment_id ~ '^[a-z]+:(pi_sample_data|sample-data)_');
CREATE POLICY removed_by_api ON api.detections_view AS RESTRICTIVE FOR DELETE TO orylo_api
    USING (payment_id ~ '^[a-z]+:(pi_sample_data|sample-data)_');
