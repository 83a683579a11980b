-- Visits by consent. New columns with a default: a short exclusive lock, and no rewrite.
ALTER TABLE api.tracking_days
    -- The rest of the visits are of pages that do not report consent, or are older than these columns.
    ADD COLUMN with_consent bigint NOT NULL DEFAULT 0,
    ADD COLUMN without_consent bigint NOT NULL DEFAULT 0;
