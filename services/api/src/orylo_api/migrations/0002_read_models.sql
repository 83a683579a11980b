-- One table per screen, filled by the projections. New tables only; locks nothing.
CREATE TABLE api.detections_view (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    event_id text NOT NULL,
    payment_id text NOT NULL,
    payment_type text NOT NULL,
    gateway text NOT NULL,
    customer_id text,
    decision text NOT NULL,
    risk_score smallint NOT NULL,
    -- {reasons, detectors, degraded}: shown, never searched.
    findings jsonb NOT NULL,
    amount_minor bigint NOT NULL,
    currency text NOT NULL,
    occurred_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX detections_newest ON api.detections_view (tenant_id, created_at DESC, id DESC);
-- What people look for is rare: without an index of its own it would be sought among all that was allowed.
CREATE INDEX detections_not_allowed ON api.detections_view (tenant_id, decision, created_at DESC, id DESC)
    WHERE decision <> 'allow';
CREATE INDEX detections_customer ON api.detections_view (tenant_id, customer_id, created_at DESC, id DESC)
    WHERE customer_id IS NOT NULL;
CREATE INDEX detections_payment ON api.detections_view (tenant_id, payment_id);
-- Small, for retention only.
CREATE INDEX detections_age ON api.detections_view USING brin (created_at);

CREATE TABLE api.payments_view (
    tenant_id uuid NOT NULL,
    payment_id text NOT NULL,
    gateway text NOT NULL,
    -- Each group of columns comes from one message: that with the highest key. A key holds a rank, then the
    -- time, then the event's id, so that the result does not depend on the order in which messages come.
    state text NOT NULL,
    updated_at timestamptz NOT NULL,
    state_key text COLLATE "C" NOT NULL,
    customer_id text,
    amount_minor bigint NOT NULL,
    currency text NOT NULL,
    details jsonb NOT NULL,
    details_key text COLLATE "C" NOT NULL,
    refunded_minor bigint NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, payment_id)
) WITH (fillfactor = 80);
CREATE INDEX payments_customer ON api.payments_view (tenant_id, customer_id, created_at DESC, payment_id DESC)
    WHERE customer_id IS NOT NULL;
CREATE INDEX payments_age ON api.payments_view USING brin (created_at);

CREATE TABLE api.customers_view (
    tenant_id uuid NOT NULL,
    customer_id text NOT NULL,
    trust_score smallint NOT NULL,
    status text NOT NULL,
    -- Of the last trust change seen; 0 before the first.
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    -- Of the last trust change.
    updated_at timestamptz,
    PRIMARY KEY (tenant_id, customer_id)
) WITH (fillfactor = 80);
CREATE INDEX customers_newest ON api.customers_view (tenant_id, created_at DESC, customer_id DESC);
CREATE INDEX customers_listed ON api.customers_view (tenant_id, status, created_at DESC, customer_id DESC)
    WHERE status <> 'neutral';

CREATE TABLE api.trust_changes (
    tenant_id uuid NOT NULL,
    customer_id text NOT NULL,
    version bigint NOT NULL,
    score_before smallint NOT NULL,
    score_after smallint NOT NULL,
    status text NOT NULL,
    cause text NOT NULL,
    occurred_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, customer_id, version)
);
CREATE INDEX trust_changes_age ON api.trust_changes USING brin (occurred_at);

CREATE TABLE api.conversions_view (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    event_id text NOT NULL,
    payment_id text NOT NULL,
    destination text NOT NULL,
    destination_id uuid NOT NULL,
    event_name text NOT NULL,
    status text NOT NULL,
    match_method text NOT NULL,
    match_confidence double precision NOT NULL,
    match_click_id text,
    attempts integer NOT NULL,
    reason text,
    code text,
    amount_minor bigint NOT NULL,
    currency text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    -- As in payments_view: rank of the status, then the time.
    status_key text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, id)
) WITH (fillfactor = 80);
CREATE INDEX conversions_newest ON api.conversions_view (tenant_id, created_at DESC, id DESC);
CREATE INDEX conversions_not_sent ON api.conversions_view (tenant_id, status, created_at DESC, id DESC)
    WHERE status <> 'dispatched';
CREATE INDEX conversions_payment ON api.conversions_view (tenant_id, payment_id);
CREATE INDEX conversions_age ON api.conversions_view USING brin (created_at);

-- What the first screen adds up. A row per minute, hour and day; minutes are kept for two days, hours for 90.
CREATE TABLE api.rollups (
    tenant_id uuid NOT NULL,
    grain text NOT NULL CHECK (grain IN ('minute', 'hour', 'day')),
    bucket timestamptz NOT NULL,
    webhooks integer NOT NULL,
    clicks integer NOT NULL,
    checkouts integer NOT NULL,
    detections_allow integer NOT NULL,
    detections_review integer NOT NULL,
    detections_block integer NOT NULL,
    detections_degraded integer NOT NULL,
    payments_succeeded integer NOT NULL,
    payments_failed integer NOT NULL,
    payments_canceled integer NOT NULL,
    payments_refunded integer NOT NULL,
    disputes_opened integer NOT NULL,
    disputes_won integer NOT NULL,
    disputes_lost integer NOT NULL,
    fraud_warnings integer NOT NULL,
    conversions_matched integer NOT NULL,
    conversions_dispatched integer NOT NULL,
    conversions_failed integer NOT NULL,
    conversions_suppressed integer NOT NULL,
    dead_letters integer NOT NULL,
    PRIMARY KEY (tenant_id, grain, bucket)
-- The current minute's row is rewritten by every batch: room for that on its own page.
) WITH (fillfactor = 50);

CREATE TABLE api.rollup_amounts (
    tenant_id uuid NOT NULL,
    grain text NOT NULL CHECK (grain IN ('minute', 'hour', 'day')),
    bucket timestamptz NOT NULL,
    currency text NOT NULL,
    -- numeric: one absurd amount must not overflow the day it falls into.
    succeeded_minor numeric NOT NULL,
    blocked_minor numeric NOT NULL,
    dispatched_minor numeric NOT NULL,
    PRIMARY KEY (tenant_id, grain, bucket, currency)
) WITH (fillfactor = 50);

-- Messages already counted, as rollups would count them twice; kept for seven days.
CREATE TABLE api.inbox (
    tenant_id uuid NOT NULL,
    message_id uuid NOT NULL,
    claimed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, message_id)
);
CREATE INDEX inbox_age ON api.inbox USING brin (claimed_at);

SELECT api.bind_to_tenant(
    'detections_view', 'payments_view', 'customers_view', 'trust_changes', 'conversions_view',
    'rollups', 'rollup_amounts', 'inbox'
);
GRANT SELECT ON api.detections_view, api.payments_view, api.customers_view, api.trust_changes,
    api.conversions_view, api.rollups, api.rollup_amounts TO orylo_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON api.detections_view, api.payments_view, api.customers_view,
    api.trust_changes, api.conversions_view, api.rollups, api.rollup_amounts, api.inbox TO orylo_api_projector;
