DROP POLICY added_by_api ON api.payments_view;
DROP POLICY removed_by_api ON api.payments_view;
DROP POLICY added_by_api ON api.detections_view;
DROP POLICY removed_by_api ON api.detections_view;
REVOKE INSERT, DELETE ON api.payments_view, api.detections_view FROM orylo_api;
