-- Drops the counts of visits by day.
DROP TABLE api.tracking_days;
