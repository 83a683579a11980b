-- Comparisons of a gateway's records with what was received, and the events that they fetched. New tables; grants. Locks
-- nothing.
CREATE TABLE ingest.reconciliations (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    gateway text NOT NULL,
    livemode boolean,
    range_start timestamptz NOT NULL,
    range_end timestamptz NOT NULL,
    dry_run boolean NOT NULL,
    requested_by text NOT NULL,
    state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'completed', 'failed')),
    phase text NOT NULL DEFAULT 'events' CHECK (phase IN ('events', 'gateway_amounts', 'received_amounts')),
    -- The place after which the phase continues; null at its start.
    place text,
    listed integer NOT NULL DEFAULT 0,
    known integer NOT NULL DEFAULT 0,
    not_subscribed integer NOT NULL DEFAULT 0,
    problem text,
    failures integer NOT NULL DEFAULT 0,
    -- A worker that holds the row moves this ahead, page by page. Once it is past, another worker continues.
    due_at timestamptz NOT NULL DEFAULT now(),
    revision integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX reconciliations_due ON ingest.reconciliations (due_at) WHERE state IN ('queued', 'running');
CREATE INDEX reconciliations_newest ON ingest.reconciliations (tenant_id, gateway, created_at DESC);

-- Events that were missing: fetched ones, or with a dry run those that would be.
CREATE TABLE ingest.missing_events (
    tenant_id uuid NOT NULL,
    reconciliation_id uuid NOT NULL,
    event_id uuid NOT NULL,
    gateway_event_id text NOT NULL,
    gateway_event_type text NOT NULL,
    -- Null until the event is stored; of a dry run, always.
    fetched_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, reconciliation_id, event_id)
);
CREATE INDEX missing_events_event ON ingest.missing_events (tenant_id, event_id);

-- Both sides of each amount while a reconciliation runs.
CREATE TABLE ingest.reconciled_amounts (
    tenant_id uuid NOT NULL,
    reconciliation_id uuid NOT NULL,
    kind text NOT NULL,
    -- A payment or a dispute; of fees, the day.
    subject text NOT NULL,
    currency text NOT NULL,
    gateway_minor bigint,
    gateway_at timestamptz,
    received_minor bigint,
    received_at timestamptz,
    PRIMARY KEY (tenant_id, reconciliation_id, kind, subject, currency)
);

GRANT SELECT, INSERT, UPDATE, DELETE
    ON ingest.reconciliations, ingest.missing_events, ingest.reconciled_amounts TO orylo_ingest;
-- The key of Stripe's API, and since when a gateway exists.
GRANT SELECT ON control.destinations TO orylo_ingest;
