-- What was set aside for people, and what is pushed to them. New tables only; locks nothing.
CREATE TABLE api.dead_letters (
    -- The zero id where a message cannot be read and so belongs to nobody.
    tenant_id uuid NOT NULL,
    -- Derived from source, message and time of death, so that taking it in twice makes one row.
    id uuid NOT NULL,
    source text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('message', 'conversion')),
    -- The message it holds, or the failed conversion: what several deaths have in common.
    subject_id uuid NOT NULL,
    type text,
    subject text,
    reason text NOT NULL,
    code text,
    attempts integer NOT NULL,
    body bytea NOT NULL,
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'replayed', 'discarded', 'resolved')),
    first_failed_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    settled_at timestamptz,
    settled_by text,
    settled_reason text,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX dead_letters_newest ON api.dead_letters (tenant_id, created_at DESC, id DESC);
CREATE INDEX dead_letters_state ON api.dead_letters (tenant_id, state, created_at DESC, id DESC);
CREATE INDEX dead_letters_subject ON api.dead_letters (tenant_id, subject_id);

SELECT api.bind_to_tenant('dead_letters');
-- What belongs to no tenant is the platform's own to settle.
CREATE POLICY nobodys ON api.dead_letters TO orylo_api USING (
    tenant_id = '00000000-0000-0000-0000-000000000000' AND current_setting('orylo.role', true) = 'operator'
);
GRANT SELECT, UPDATE (state, settled_at, settled_by, settled_reason) ON api.dead_letters TO orylo_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON api.dead_letters TO orylo_api_projector;

-- One row holds what one batch told one tenant, as lines: a type, its JSON, an empty line between two events.
CREATE TABLE api.stream_events (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id uuid NOT NULL,
    events bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- Ids are given under a lock that is held until the commit, so that rows become visible in the order of their
-- ids and a reader can go by the last one it saw. It costs nothing beside NOTIFY, whose commits queue anyway.
CREATE FUNCTION api.add_stream_events(tenants uuid[], events bytea[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('api.stream_events'));
    INSERT INTO api.stream_events (tenant_id, events) SELECT * FROM unnest(tenants, events);
    PERFORM pg_notify('orylo_api_stream', '');
END $$;
REVOKE EXECUTE ON FUNCTION api.add_stream_events FROM PUBLIC;
GRANT EXECUTE ON FUNCTION api.add_stream_events TO orylo_api_projector;

SELECT api.bind_to_tenant('stream_events');
GRANT SELECT, INSERT, DELETE ON api.stream_events TO orylo_api_projector;
