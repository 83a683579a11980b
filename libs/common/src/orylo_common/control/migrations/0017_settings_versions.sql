-- Versions of tenants' settings. A new table, and a column with a constant default, which locks control.settings for an
-- instant.
CREATE TABLE control.settings_versions (
    tenant_id uuid NOT NULL REFERENCES control.tenants ON DELETE CASCADE,
    section text NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    -- The values that differ from the defaults.
    value jsonb NOT NULL,
    author text NOT NULL,
    -- When it was written, not when its transaction began: versions are in the order of their times.
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- The earlier version whose values this one has again. NULL: new values.
    restored integer,
    PRIMARY KEY (tenant_id, section, version)
);
ALTER TABLE control.settings ADD COLUMN version integer NOT NULL DEFAULT 1 CHECK (version > 0);

-- What is stored now is each section's first version, by the author of its last line in the audit log.
INSERT INTO control.settings_versions (tenant_id, section, version, value, author, created_at)
SELECT s.tenant_id, s.section, 1, s.value, coalesce(a.actor, 'platform'), s.updated_at
FROM control.settings AS s LEFT JOIN LATERAL (
    SELECT actor FROM control.audit_log
    WHERE tenant_id = s.tenant_id AND action = 'settings.set' AND subject = 'settings ' || s.section
    ORDER BY id DESC LIMIT 1
) AS a ON true;

-- Services that are granted the table see all rows, unless a restrictive policy of their own says otherwise.
ALTER TABLE control.settings ENABLE ROW LEVEL SECURITY;
CREATE POLICY readable ON control.settings FOR SELECT USING (true);
-- A service may be granted the table, and sees the rows that its own policy admits.
ALTER TABLE control.settings_versions ENABLE ROW LEVEL SECURITY;
