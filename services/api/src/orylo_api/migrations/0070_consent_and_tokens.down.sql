-- Drops the counts of visits by consent, and the ends of tokens. Dispatch reports the ends again within a day.
DROP TABLE api.destination_tokens_view;
ALTER TABLE api.tracking_days
    DROP COLUMN with_consent,
    DROP COLUMN without_consent;
