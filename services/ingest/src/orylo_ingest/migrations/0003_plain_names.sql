-- Renames a status and a message type. Rewrites the affected rows of 90 days of events, and locks the table meanwhile.
ALTER TABLE ingest.events DROP CONSTRAINT events_status_check;
UPDATE ingest.events SET status = 'already_reported' WHERE status = 'told_before';
ALTER TABLE ingest.events ADD CONSTRAINT events_status_check
    CHECK (status IN ('published', 'already_reported', 'ignored', 'quarantined', 'conflict'));

UPDATE ingest.outbox
SET type = 'webhook.rejected.v1',
    body = convert_to(
        replace(convert_from(body, 'UTF8'), '"type":"webhook.refused.v1"', '"type":"webhook.rejected.v1"'), 'UTF8'
    )
WHERE type = 'webhook.refused.v1';
