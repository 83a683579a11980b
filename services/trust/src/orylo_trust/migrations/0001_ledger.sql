-- The ledger, the accounts it sums up to, and the outbox. New tables only; locks nothing.
CREATE TABLE trust.accounts (
    tenant_id uuid NOT NULL,
    customer_id text NOT NULL,
    -- The score of a customer nothing is known of, as it stood when this one was first seen.
    start smallint NOT NULL,
    -- start and the ledger, before clamping; `score` is what is left of it between 0 and 100.
    total integer NOT NULL,
    score smallint NOT NULL CHECK (score BETWEEN 0 AND 100),
    -- Counts the announced changes.
    version bigint NOT NULL DEFAULT 0,
    status text NOT NULL DEFAULT 'neutral' CHECK (status IN ('neutral', 'allowlisted', 'blocked')),
    status_actor text,
    status_reason text,
    -- Of the message that set the status: an older one that comes late changes nothing.
    status_set_at timestamptz,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, customer_id)
-- Every change rewrites the row: room for it on its own page keeps the index out of it.
) WITH (fillfactor = 70);

CREATE TABLE trust.ledger (
    tenant_id uuid NOT NULL,
    customer_id text NOT NULL,
    cause text NOT NULL CHECK (cause IN ('dispute_opened', 'dispute_won', 'fraud_warning', 'refund', 'clean_payment')),
    -- dispute id, warning id or payment id: what the cause happens once for.
    source_id text NOT NULL,
    points smallint NOT NULL,
    month date,
    monthly_cap smallint,
    payment_id text NOT NULL,
    event_id text NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, customer_id, cause, source_id),
    CHECK ((month IS NULL) = (monthly_cap IS NULL))
);

-- What a month's limited rows come to, so that a change does not read the whole ledger again.
CREATE TABLE trust.months (
    tenant_id uuid NOT NULL,
    customer_id text NOT NULL,
    month date NOT NULL,
    points integer NOT NULL,
    cap smallint NOT NULL,
    PRIMARY KEY (tenant_id, customer_id, month)
) WITH (fillfactor = 70);

-- Who paid, for what names the payment only.
CREATE INDEX ledger_payers ON trust.ledger (tenant_id, source_id) WHERE cause = 'clean_payment';

-- What was told of a payment, with no customer named, before the payment itself.
CREATE TABLE trust.waiting (
    tenant_id uuid NOT NULL,
    payment_id text NOT NULL,
    cause text NOT NULL,
    source_id text NOT NULL,
    points smallint NOT NULL,
    start smallint NOT NULL,
    event_id text NOT NULL,
    message_id uuid NOT NULL,
    correlation_id uuid NOT NULL,
    occurred_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, cause, source_id)
);
CREATE INDEX waiting_payment ON trust.waiting (tenant_id, payment_id);

CREATE TABLE trust.outbox (
    message_id uuid PRIMARY KEY,
    type text NOT NULL,
    body bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX outbox_created_at ON trust.outbox (created_at);

GRANT SELECT, INSERT, UPDATE ON trust.accounts, trust.months TO orylo_trust;
GRANT SELECT, INSERT ON trust.ledger TO orylo_trust;
GRANT SELECT, INSERT, DELETE ON trust.waiting TO orylo_trust;
-- UPDATE: a row is locked before it is swept.
GRANT SELECT, INSERT, UPDATE, DELETE ON trust.outbox TO orylo_trust;
GRANT USAGE ON SCHEMA control TO orylo_trust;
GRANT SELECT ON control.tenants, control.settings TO orylo_trust;
