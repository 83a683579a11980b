-- Clicks, deliveries with their attempts, and the outbox. New tables only; locks nothing.
CREATE TABLE dispatch.clicks (
    tenant_id uuid NOT NULL,
    click_id text NOT NULL,
    clicked_at timestamptz NOT NULL,
    fbclid text,
    fbc text,
    fbp text,
    -- Hashes.
    email text,
    phone text,
    ip text,
    user_agent text,
    url text,
    referrer text,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, click_id)
);
CREATE INDEX clicks_fbclid ON dispatch.clicks (tenant_id, fbclid, clicked_at) WHERE fbclid IS NOT NULL;
CREATE INDEX clicks_fbp ON dispatch.clicks (tenant_id, fbp, clicked_at) WHERE fbp IS NOT NULL;
CREATE INDEX clicks_email ON dispatch.clicks (tenant_id, email, clicked_at) WHERE email IS NOT NULL;
CREATE INDEX clicks_phone ON dispatch.clicks (tenant_id, phone, clicked_at) WHERE phone IS NOT NULL;
CREATE INDEX clicks_visitor ON dispatch.clicks (tenant_id, ip, md5(user_agent), clicked_at) WHERE ip IS NOT NULL;
-- For retention. Not on clicked_at: the planner would take it for "the last click of …" and read all the others.
CREATE INDEX clicks_recorded_at ON dispatch.clicks (recorded_at);

-- Where a payment and the detection on it meet, whichever comes first; null until the detection is here.
CREATE TABLE dispatch.decisions (
    tenant_id uuid NOT NULL,
    event_id text NOT NULL,
    decision text CHECK (decision IN ('allow', 'review', 'block')),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, event_id)
) WITH (fillfactor = 70);
CREATE INDEX decisions_created_at ON dispatch.decisions (created_at);

-- One payment reported to one destination. The id is the conversion's.
CREATE TABLE dispatch.deliveries (
    delivery_id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    destination_id uuid NOT NULL,
    destination_kind text NOT NULL,
    payment_id text NOT NULL,
    event_name text NOT NULL,
    event_id text NOT NULL,
    correlation_id uuid NOT NULL,
    traceparent text,
    paid_at timestamptz NOT NULL,
    amount_minor bigint NOT NULL,
    currency text NOT NULL,
    match_method text NOT NULL,
    match_confidence double precision NOT NULL,
    click_id text,
    -- What is reported; identifiers of people are hashed.
    conversion jsonb NOT NULL,
    -- held: waits for the detection. pending: to be sent at `due_at`, or, with `started_at`, being sent until then.
    state text NOT NULL CHECK (state IN ('held', 'pending', 'dispatched', 'failed', 'suppressed')),
    due_at timestamptz NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    -- Answers that asked for another try; the time that a destination is away adds none.
    refusals integer NOT NULL DEFAULT 0,
    -- Written before the call and cleared with its result: still there after it means that nobody knows.
    started_at timestamptz,
    -- Start of the first attempt with an unknown outcome: a repeat counts once only for so long after it.
    maybe_sent_at timestamptz,
    code text,
    reason text,
    redriven_by uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    settled_at timestamptz,
    UNIQUE (tenant_id, destination_id, payment_id, event_name)
-- Every delivery is rewritten three or four times.
) WITH (fillfactor = 60);
CREATE INDEX deliveries_due ON dispatch.deliveries (destination_id, tenant_id, due_at) WHERE state = 'pending';
CREATE INDEX deliveries_held ON dispatch.deliveries (tenant_id, event_id) WHERE state = 'held';
CREATE INDEX deliveries_held_since ON dispatch.deliveries (created_at) WHERE state = 'held';

CREATE TABLE dispatch.attempts (
    tenant_id uuid NOT NULL,
    delivery_id uuid NOT NULL,
    attempt_number integer NOT NULL,
    at timestamptz NOT NULL,
    outcome text NOT NULL,
    code text,
    reason text,
    duration_ms integer,
    trace_id text,
    PRIMARY KEY (tenant_id, delivery_id, attempt_number, at)
) PARTITION BY RANGE (at);
SELECT partitions.register('dispatch.attempts'::regclass, interval '24 months');

-- What undoes a sale later.
CREATE TABLE dispatch.reversals (
    tenant_id uuid NOT NULL,
    event_id text NOT NULL,
    payment_id text NOT NULL,
    type text NOT NULL,
    amount_minor bigint NOT NULL,
    currency text NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, event_id)
);
CREATE INDEX reversals_payment ON dispatch.reversals (tenant_id, payment_id);

CREATE TABLE dispatch.outbox (
    message_id uuid PRIMARY KEY,
    type text NOT NULL,
    body bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX outbox_created_at ON dispatch.outbox (created_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON dispatch.clicks, dispatch.decisions TO orylo_dispatch;
GRANT SELECT, INSERT, UPDATE ON dispatch.deliveries TO orylo_dispatch;
GRANT SELECT, INSERT ON dispatch.attempts, dispatch.reversals TO orylo_dispatch;
-- UPDATE: a row is locked before it is swept.
GRANT SELECT, INSERT, UPDATE, DELETE ON dispatch.outbox TO orylo_dispatch;
GRANT USAGE ON SCHEMA control TO orylo_dispatch;
GRANT SELECT ON control.tenants, control.settings, control.destinations TO orylo_dispatch;
