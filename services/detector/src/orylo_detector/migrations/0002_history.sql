-- What the detectors remember of payments and customers. New tables only; locks nothing.

-- A payment that was paid has been learnt from, once; disputes find their customer here.
CREATE TABLE detector.paid (
    tenant_id uuid NOT NULL,
    payment_id text NOT NULL,
    customer_id text,
    paid_at timestamptz NOT NULL,
    learnt_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, payment_id)
);
CREATE INDEX paid_learnt_at ON detector.paid USING brin (learnt_at);

CREATE TABLE detector.customers (
    tenant_id uuid NOT NULL,
    customer_id text NOT NULL,
    payments integer NOT NULL DEFAULT 0,
    first_paid_at timestamptz,
    -- A copy of what trust says; the highest version holds.
    trust_score smallint,
    trust_status text NOT NULL DEFAULT 'neutral',
    trust_version bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, customer_id)
) WITH (fillfactor = 70);

-- A histogram of paid amounts on a logarithmic scale, per customer, product and tenant.
CREATE TABLE detector.amounts (
    tenant_id uuid NOT NULL,
    subject text NOT NULL,
    currency text NOT NULL,
    bucket smallint NOT NULL,
    payments integer NOT NULL,
    PRIMARY KEY (tenant_id, subject, currency, bucket)
) WITH (fillfactor = 70);

-- What went wrong after a payment, each case once.
CREATE TABLE detector.incidents (
    tenant_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('refund', 'dispute', 'dispute_won', 'fraud_warning')),
    source_id text NOT NULL,
    payment_id text NOT NULL,
    customer_id text,
    occurred_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, kind, source_id)
);
CREATE INDEX incidents_customer ON detector.incidents (tenant_id, customer_id);
-- Told before its payment, and without a customer: the payment brings one.
CREATE INDEX incidents_nobodys ON detector.incidents (tenant_id, payment_id) WHERE customer_id IS NULL;

GRANT SELECT, INSERT, DELETE ON detector.paid TO orylo_detector;
GRANT SELECT, INSERT, UPDATE ON detector.customers, detector.amounts, detector.incidents TO orylo_detector;
