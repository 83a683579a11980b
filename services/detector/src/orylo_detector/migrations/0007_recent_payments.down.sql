-- Drops what is known of recent payments. Their events are not decided again.
CREATE TABLE detector.decided (
    tenant_id uuid NOT NULL,
    event_id text NOT NULL,
    decided_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, event_id)
);
CREATE INDEX decided_decided_at ON detector.decided USING brin (decided_at);
INSERT INTO detector.decided (tenant_id, event_id)
SELECT DISTINCT tenant_id, event_id FROM detector.detections WHERE created_at > now() - interval '7 days';
GRANT SELECT, INSERT, DELETE ON detector.decided TO orylo_detector;
REVOKE UPDATE (customer_id) ON detector.paid FROM orylo_detector;
ALTER TABLE detector.detections DROP COLUMN version, DROP COLUMN replaces;
DROP TABLE detector.recent_payments;
