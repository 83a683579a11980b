-- Drops the counts of visits by consent.
ALTER TABLE api.tracking_days
    DROP COLUMN with_consent,
    DROP COLUMN without_consent;
