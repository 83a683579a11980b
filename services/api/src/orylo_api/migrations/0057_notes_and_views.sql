-- Notes on customers and payments, and saved views of the dashboard's pages. New tables only; locks nothing.
CREATE TABLE api.notes (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    subject_kind text NOT NULL CHECK (subject_kind IN ('customer', 'payment')),
    subject_id text NOT NULL,
    text text NOT NULL,
    author_id uuid NOT NULL,
    author text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX notes_subject ON api.notes (tenant_id, subject_kind, subject_id, created_at DESC, id DESC);
CREATE INDEX notes_age ON api.notes USING brin (created_at);

CREATE TABLE api.saved_views (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    page text NOT NULL,
    name text NOT NULL,
    -- The page's filters by name. No personal data.
    query jsonb NOT NULL,
    -- Not set: the shop's, for all its members.
    owner_id uuid,
    saved_by text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX saved_views_name ON api.saved_views (
    tenant_id, page, coalesce(owner_id, '00000000-0000-0000-0000-000000000000'), lower(name)
);

SELECT api.bind_to_tenant('notes', 'saved_views');
GRANT SELECT, INSERT, DELETE ON api.notes TO orylo_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON api.saved_views TO orylo_api;
GRANT SELECT, DELETE ON api.notes TO orylo_api_projector;
