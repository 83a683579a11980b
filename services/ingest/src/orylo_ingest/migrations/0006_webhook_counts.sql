-- Counts of webhooks by hour, events that were sent again, and an index of events by payment. Reads the stored events,
-- and blocks writes to them while it builds the index: about 10 s for 10 GB.
CREATE TABLE ingest.webhook_counts (
    tenant_id uuid NOT NULL,
    gateway text NOT NULL,
    -- In UTC.
    hour timestamptz NOT NULL,
    -- accepted, already_reported, ignored, quarantined, duplicate, conflict or rejected.
    outcome text NOT NULL,
    count bigint NOT NULL,
    last_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, gateway, hour, outcome)
);
CREATE INDEX webhook_counts_hour ON ingest.webhook_counts USING brin (hour);

-- Deliveries of an event after its first one.
CREATE TABLE ingest.repeats (
    tenant_id uuid NOT NULL,
    event_id uuid NOT NULL,
    count bigint NOT NULL,
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, event_id)
);
CREATE INDEX repeats_last_at ON ingest.repeats USING brin (last_at);

INSERT INTO ingest.webhook_counts (tenant_id, gateway, hour, outcome, count, last_at)
SELECT tenant_id, gateway, date_trunc('hour', created_at, 'UTC'),
       CASE status WHEN 'published' THEN 'accepted' ELSE status END, count(*), max(created_at)
FROM ingest.events GROUP BY 1, 2, 3, 4;

-- Written once per 128 pages of events, not once per event. A search reads a few megabytes.
CREATE INDEX events_payment ON ingest.events USING brin (payment_id text_bloom_ops) WITH (autosummarize = on);

GRANT SELECT, INSERT, UPDATE, DELETE ON ingest.webhook_counts, ingest.repeats TO orylo_ingest;
