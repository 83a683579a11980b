-- Customers that are one person, and those that are kept apart by a limit. New columns with constant defaults, and new
-- tables: locks the table of customers for a moment only.
ALTER TABLE api.customers_view
    -- The customers of the same person with this one among them; the first represents the person. Not set: alone.
    ADD COLUMN people text[],
    ADD COLUMN merge_version bigint NOT NULL DEFAULT 0;

CREATE TABLE api.customer_merges (
    tenant_id uuid NOT NULL,
    customer_id text NOT NULL,
    version bigint NOT NULL,
    -- Not set: an unmerge.
    people text[],
    actor text,
    reason text,
    occurred_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, customer_id, version)
);
SELECT api.bind_to_tenant('customer_merges');
GRANT SELECT ON api.customer_merges TO orylo_api;
CREATE INDEX customer_merges_age ON api.customer_merges USING brin (occurred_at);
GRANT SELECT, INSERT, DELETE ON api.customer_merges TO orylo_api_projector;

CREATE TABLE api.merge_reviews_view (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    exceeded text NOT NULL CHECK (exceeded IN ('customers_per_identifier', 'identifiers_per_customer', 'customers')),
    customers text[] NOT NULL,
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'dismissed')),
    dismissed_at timestamptz,
    dismissed_by text,
    dismissed_reason text,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX merge_reviews_newest ON api.merge_reviews_view (tenant_id, created_at DESC, id DESC);
SELECT api.bind_to_tenant('merge_reviews_view');
GRANT SELECT, UPDATE (state, dismissed_at, dismissed_by, dismissed_reason) ON api.merge_reviews_view TO orylo_api;
GRANT SELECT, INSERT, UPDATE ON api.merge_reviews_view TO orylo_api_projector;
