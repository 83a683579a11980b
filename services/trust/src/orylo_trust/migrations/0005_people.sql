-- Customers that are one person. New columns without a rewrite, and new tables: locks each table for a moment only.

-- Links between customers: the id of a customer who is known by the phone or the document alone, or a payment's id.
CREATE TABLE trust.aliases (
    tenant_id uuid NOT NULL,
    alias_id text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('document', 'payment', 'phone')),
    customers text[] NOT NULL,
    PRIMARY KEY (tenant_id, alias_id)
) WITH (fillfactor = 70);

ALTER TABLE trust.accounts
    -- The customer's aliases, and the customers of the same person with this one among them. Not set: none, and alone.
    ADD COLUMN aliases jsonb,
    ADD COLUMN people jsonb,
    -- Counts the announced merges and unmerges.
    ADD COLUMN merge_version bigint NOT NULL DEFAULT 0;

-- Users' decisions: the customer is the same person as another one, or separate from all others ('').
CREATE TABLE trust.merge_decisions (
    tenant_id uuid NOT NULL,
    customer_id text NOT NULL,
    same_as text NOT NULL,
    decided_at timestamptz NOT NULL,
    actor text,
    reason text,
    PRIMARY KEY (tenant_id, customer_id, same_as)
);
CREATE INDEX merge_decisions_same_as ON trust.merge_decisions (tenant_id, same_as) WHERE same_as <> '';

-- Whether a later event of the sale named a customer.
ALTER TABLE trust.payers ADD COLUMN enriched boolean NOT NULL DEFAULT false;

-- Every merge and unmerge, as announced.
CREATE TABLE trust.merges (
    tenant_id uuid NOT NULL,
    customer_id text NOT NULL,
    version bigint NOT NULL,
    people jsonb,
    actor text,
    reason text,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, customer_id, version)
);

GRANT SELECT, INSERT, UPDATE ON trust.aliases, trust.merge_decisions TO orylo_trust;
GRANT SELECT, INSERT ON trust.merges TO orylo_trust;
