ALTER TABLE api.detections_view RESET (autovacuum_vacuum_insert_scale_factor);
CREATE INDEX detections_not_allowed ON api.detections_view (tenant_id, decision, created_at DESC, id DESC)
    WHERE decision <> 'allow';
DROP INDEX api.detections_stopped;
