-- Whether each destination can be sent to, shared by all replicas. A new table only; locks nothing.
CREATE TABLE dispatch.destination_states (
    tenant_id uuid NOT NULL,
    destination_id uuid NOT NULL,
    kind text NOT NULL,
    -- Counts the changes of `status`.
    version bigint NOT NULL,
    status text NOT NULL CHECK (status IN ('active', 'on_hold', 'throttled', 'unavailable')),
    since timestamptz NOT NULL,
    -- The destination's own code, and a sentence for people.
    code text,
    reason text,
    -- No call is made before it; null where the circuit breaker decides.
    next_attempt_at timestamptz,
    -- `control.destinations.updated_at` of the configuration that the status is about.
    configured_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, destination_id)
);
COMMENT ON TABLE dispatch.destination_states IS 'Destinations that were on hold, throttled or unavailable at least once';

GRANT SELECT, INSERT, UPDATE ON dispatch.destination_states TO orylo_dispatch;
