-- When each destination's access token expires, by the destination's own account. A new table only; locks nothing.
CREATE TABLE dispatch.destination_tokens (
    tenant_id uuid NOT NULL,
    destination_id uuid NOT NULL,
    -- `control.destinations.updated_at` of the configuration that held the token.
    configured_at timestamptz NOT NULL,
    -- NULL: never, or unknown.
    expires_at timestamptz,
    read_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, destination_id)
);
GRANT SELECT, INSERT, UPDATE ON dispatch.destination_tokens TO orylo_dispatch;
