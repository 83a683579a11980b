-- Genuine webhooks that were set aside, for people to look at and to replay. A new table only; locks nothing.
CREATE TABLE api.quarantine_view (
    tenant_id uuid NOT NULL,
    -- The event's.
    id uuid NOT NULL,
    -- conflict: its event id came before with another body; that one stays, and this one is never replayed.
    kind text NOT NULL CHECK (kind IN ('quarantined', 'conflict')),
    gateway text NOT NULL,
    gateway_event_id text,
    gateway_event_type text NOT NULL,
    reason text NOT NULL,
    -- Scrubbed; NULL where it is too large to travel.
    payload jsonb,
    payload_bytes integer NOT NULL,
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'published', 'told_before', 'ignored')),
    message_type text,
    replay_requested_at timestamptz,
    replay_requested_by text,
    replayed_at timestamptz,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX quarantine_newest ON api.quarantine_view (tenant_id, created_at DESC, id DESC);
CREATE INDEX quarantine_state ON api.quarantine_view (tenant_id, state, created_at DESC, id DESC);
CREATE INDEX quarantine_age ON api.quarantine_view USING brin (created_at);

SELECT api.bind_to_tenant('quarantine_view');
GRANT SELECT, UPDATE (replay_requested_at, replay_requested_by) ON api.quarantine_view TO orylo_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON api.quarantine_view TO orylo_api_projector;
