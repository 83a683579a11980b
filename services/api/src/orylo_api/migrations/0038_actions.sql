-- Actions at payment providers, and dead letters for those that failed. A new table; the new check reads
-- api.dead_letters, which is locked meanwhile.
CREATE TABLE api.actions_view (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    -- As dispatch counts the changes; the highest is kept.
    revision integer NOT NULL,
    payment_id text NOT NULL,
    action text NOT NULL,
    status text NOT NULL,
    detection_id uuid NOT NULL,
    decided_by text NOT NULL,
    attempts integer NOT NULL,
    reference text,
    code text,
    reason text,
    contradiction text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX actions_payment ON api.actions_view (tenant_id, payment_id);
CREATE INDEX actions_age ON api.actions_view USING brin (created_at);
SELECT api.bind_to_tenant('actions_view');
GRANT SELECT ON api.actions_view TO orylo_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON api.actions_view TO orylo_api_projector;

ALTER TABLE api.dead_letters DROP CONSTRAINT dead_letters_kind_check;
ALTER TABLE api.dead_letters
    ADD CONSTRAINT dead_letters_kind_check CHECK (kind IN ('message', 'conversion', 'action'));
