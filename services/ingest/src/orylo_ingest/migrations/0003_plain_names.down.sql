-- Restores the former status and message type. Rewrites the affected rows, and locks the table meanwhile.
UPDATE ingest.outbox
SET type = 'webhook.refused.v1',
    body = convert_to(
        replace(convert_from(body, 'UTF8'), '"type":"webhook.rejected.v1"', '"type":"webhook.refused.v1"'), 'UTF8'
    )
WHERE type = 'webhook.rejected.v1';

ALTER TABLE ingest.events DROP CONSTRAINT events_status_check;
UPDATE ingest.events SET status = 'told_before' WHERE status = 'already_reported';
ALTER TABLE ingest.events ADD CONSTRAINT events_status_check
    CHECK (status IN ('published', 'told_before', 'ignored', 'quarantined', 'conflict'));
