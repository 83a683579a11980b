-- What a user has skipped of the first steps. A new table only; locks nothing.
CREATE TABLE api.onboarding_choices (
    tenant_id uuid NOT NULL,
    -- A user or an API key.
    principal_id uuid NOT NULL,
    dismissed boolean NOT NULL,
    skipped text[] NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, principal_id)
);
SELECT api.bind_to_tenant('onboarding_choices');
GRANT SELECT, INSERT, UPDATE ON api.onboarding_choices TO orylo_api;
