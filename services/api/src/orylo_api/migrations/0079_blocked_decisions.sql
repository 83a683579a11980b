-- What was blocked and yet paid is counted over a week: thousands of decisions, which an index with the payment finds
-- without their wide rows. While it is built, some seconds for each million decisions, projections wait.
CREATE INDEX detections_stopped ON api.detections_view (tenant_id, decision, created_at DESC, id DESC)
    INCLUDE (payment_id) WHERE decision <> 'allow';
DROP INDEX api.detections_not_allowed;
-- An index is read alone where VACUUM has marked the rows' pages. By default it waits until a fifth of the table is new:
-- months of a large one, and new decisions are those that are looked at. Without deletions a run reads new pages only.
ALTER TABLE api.detections_view SET (autovacuum_vacuum_insert_scale_factor = 0.005);
