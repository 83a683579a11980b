-- Restores the narrower index. Projections wait while it is built.
CREATE INDEX detections_payment ON api.detections_view (tenant_id, payment_id);
DROP INDEX api.detections_current;
