-- Visits by consent, and the ends of destinations' tokens. New columns with a default, which take a short exclusive lock
-- and no rewrite, and a new table.
ALTER TABLE api.tracking_days
    -- The rest of the visits are of pages that do not report consent, or are older than these columns.
    ADD COLUMN with_consent bigint NOT NULL DEFAULT 0,
    ADD COLUMN without_consent bigint NOT NULL DEFAULT 0;

CREATE TABLE api.destination_tokens_view (
    tenant_id uuid NOT NULL,
    destination_id uuid NOT NULL,
    -- `control.destinations.updated_at` of the configuration that held the token.
    configured_at timestamptz NOT NULL,
    -- NULL: never, or unknown.
    expires_at timestamptz,
    -- The latest is kept.
    read_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, destination_id)
);
SELECT api.bind_to_tenant('destination_tokens_view');
GRANT SELECT ON api.destination_tokens_view TO orylo_api;
GRANT SELECT, INSERT, UPDATE ON api.destination_tokens_view TO orylo_api_projector;
