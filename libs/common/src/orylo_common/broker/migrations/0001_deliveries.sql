-- The event bus in PostgreSQL: messages, which queue still has which, who is taking them. New tables only: locks nothing in use.

-- Every row of these tables is deleted soon, and its space comes back by vacuum alone: it runs early and without pauses.

CREATE TABLE bus.messages (
    message_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    type text NOT NULL,
    body bytea NOT NULL
) WITH (
    -- A few kilobytes stay in the row, uncompressed: they live for milliseconds.
    toast_tuple_target = 8160,
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 5000,
    autovacuum_vacuum_insert_scale_factor = 0,
    autovacuum_vacuum_insert_threshold = 100000,
    autovacuum_vacuum_cost_delay = 0,
    autovacuum_analyze_scale_factor = 0,
    autovacuum_analyze_threshold = 50000
);
ALTER TABLE bus.messages ALTER COLUMN body SET STORAGE EXTERNAL;

CREATE TABLE bus.deliveries (
    message_no bigint NOT NULL,
    available_at timestamptz,
    first_failed_at timestamptz,
    delivery_count integer NOT NULL DEFAULT 0,
    lease_owner integer,
    attempts integer,
    queue text COLLATE "C" NOT NULL,
    reason text,
    body bytea
) WITH (
    -- Room on the page for the one update of a delivery's life, the lease: it then touches no index.
    fillfactor = 50,
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 5000,
    autovacuum_vacuum_insert_scale_factor = 0,
    autovacuum_vacuum_insert_threshold = 100000,
    autovacuum_vacuum_cost_delay = 0,
    autovacuum_analyze_scale_factor = 0,
    autovacuum_analyze_threshold = 50000
);

-- Leasing changes no column of either index.
CREATE UNIQUE INDEX deliveries_ready ON bus.deliveries (queue, message_no) WHERE available_at IS NULL;
CREATE INDEX deliveries_delayed ON bus.deliveries (queue, available_at) WHERE available_at IS NOT NULL;

COMMENT ON TABLE bus.messages IS 'Bodies, once each however many queues get them; swept when no queue has them any more';
COMMENT ON TABLE bus.deliveries IS 'One row per message and queue, until it is acknowledged';
COMMENT ON COLUMN bus.deliveries.available_at IS 'set while a retry waits; null: ready, or leased';
COMMENT ON COLUMN bus.deliveries.lease_owner IS 'the subscription that has it, bus.subscriptions.owner; null: nobody';
COMMENT ON COLUMN bus.deliveries.attempts IS 'deliveries before it was set aside; in dead-letter queues only';
COMMENT ON COLUMN bus.deliveries.body IS 'its own copy, once it failed: a message that stays long must not keep bus.messages from being swept';

CREATE TABLE bus.subscriptions (
    owner integer GENERATED ALWAYS AS IDENTITY (CYCLE) PRIMARY KEY,
    queue text COLLATE "C" NOT NULL,
    process uuid NOT NULL,
    subscribed_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE bus.subscriptions IS 'Who takes deliveries; alive while it holds the advisory lock of its number';
COMMENT ON COLUMN bus.subscriptions.process IS 'the broker object it belongs to, which wakes its own subscriptions itself';

GRANT SELECT, INSERT, UPDATE, DELETE ON bus.messages, bus.deliveries, bus.subscriptions TO orylo_bus;
