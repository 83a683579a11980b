-- When a customer's status ends, and who is one person. Columns with constant defaults: locks the table for a moment only.
ALTER TABLE detector.customers
    ADD COLUMN status_expires_at timestamptz,
    -- The customers of the same person with this one among them; the first has the person's trust. Not set: alone.
    ADD COLUMN people text[],
    ADD COLUMN merge_version bigint NOT NULL DEFAULT 0;
