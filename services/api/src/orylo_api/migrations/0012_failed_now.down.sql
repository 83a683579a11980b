-- What has failed so far counts as nothing in the sums. A constant default: locks the table for a moment only.
ALTER TABLE api.rollups ADD COLUMN conversions_failed integer NOT NULL DEFAULT 0;
ALTER TABLE api.rollups ALTER COLUMN conversions_failed DROP DEFAULT;
