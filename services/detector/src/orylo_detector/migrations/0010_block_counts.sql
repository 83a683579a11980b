-- Paid payments and those of them that rules or the risk blocked, for the fuse. A new table only; locks nothing.
CREATE TABLE detector.block_counts (
    tenant_id uuid NOT NULL,
    grain text NOT NULL CHECK (grain IN ('minute', 'day')),
    bucket timestamptz NOT NULL,
    payments bigint NOT NULL,
    blocked bigint NOT NULL,
    PRIMARY KEY (tenant_id, grain, bucket)
-- The current minute's row is rewritten every second.
) WITH (fillfactor = 50);
GRANT SELECT, INSERT, UPDATE, DELETE ON detector.block_counts TO orylo_detector;
