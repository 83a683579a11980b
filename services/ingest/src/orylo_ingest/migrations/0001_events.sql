-- Gateway events, what makes them and what they tell unique, and the outbox. New tables only; locks nothing.
CREATE TABLE ingest.events (
    tenant_id uuid NOT NULL,
    event_id uuid NOT NULL,
    gateway text NOT NULL,
    gateway_event_id text,
    gateway_event_type text NOT NULL,
    -- told_before: the same fact was published for another event; conflict: the id came before with another body.
    status text NOT NULL CHECK (status IN ('published', 'told_before', 'ignored', 'quarantined', 'conflict')),
    message_type text,
    reason text,
    payment_id text,
    -- Scrubbed: no personal value, no secret.
    payload jsonb NOT NULL,
    body_sha256 bytea NOT NULL,
    occurred_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
) PARTITION BY RANGE (created_at);

-- Ten times cheaper to write than the default, where this PostgreSQL was built with it.
DO $$ BEGIN
    ALTER TABLE ingest.events ALTER COLUMN payload SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN NULL;
END $$;

CREATE INDEX events_created_at ON ingest.events (tenant_id, created_at DESC);
CREATE INDEX events_to_look_at ON ingest.events (tenant_id, status, created_at DESC)
    WHERE status IN ('quarantined', 'conflict');

SELECT partitions.register('ingest.events', keep => interval '90 days');

-- A unique index cannot span partitions: this is what makes an event unique.
CREATE TABLE ingest.dedupe_registry (
    tenant_id uuid NOT NULL,
    event_id uuid NOT NULL,
    body_sha256 bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, event_id)
);
CREATE INDEX dedupe_registry_created_at ON ingest.dedupe_registry USING brin (created_at);

-- And this is what makes a fact unique, of whatever number of gateway events tell it: `paid:stripe:pi_…`.
CREATE TABLE ingest.facts (
    tenant_id uuid NOT NULL,
    fact text NOT NULL,
    event_id uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, fact)
);
CREATE INDEX facts_created_at ON ingest.facts USING brin (created_at);

CREATE TABLE ingest.outbox (
    message_id uuid PRIMARY KEY,
    type text NOT NULL,
    body bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX outbox_created_at ON ingest.outbox (created_at);
-- A row lives for milliseconds: compressing it would cost more than it saves.
ALTER TABLE ingest.outbox ALTER COLUMN body SET STORAGE EXTERNAL;

GRANT SELECT, INSERT, UPDATE ON ingest.events TO orylo_ingest;
GRANT SELECT, INSERT, DELETE ON ingest.dedupe_registry, ingest.facts TO orylo_ingest;
-- UPDATE: a row is locked before it is swept.
GRANT SELECT, INSERT, UPDATE, DELETE ON ingest.outbox TO orylo_ingest;

-- Which tenants there are, and how their gateways authenticate.
GRANT USAGE ON SCHEMA control TO orylo_ingest;
GRANT SELECT ON control.tenants, control.gateways, control.gateway_secrets, control.settings TO orylo_ingest;
