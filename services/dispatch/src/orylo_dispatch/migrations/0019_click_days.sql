-- How many visits of each tenant were recorded on each day, which bounds them. A new table only; locks nothing.
CREATE TABLE dispatch.click_days (
    tenant_id uuid NOT NULL,
    -- In UTC, by our clock.
    day date NOT NULL,
    reports bigint NOT NULL,
    PRIMARY KEY (tenant_id, day)
-- A row is rewritten with each batch.
) WITH (fillfactor = 50);
GRANT SELECT, INSERT, UPDATE, DELETE ON dispatch.click_days TO orylo_dispatch;
