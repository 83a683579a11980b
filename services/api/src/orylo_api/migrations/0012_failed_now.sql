-- What is failed now is counted among the conversions, not added up when it fails. Locks the table for a moment only.
ALTER TABLE api.rollups DROP COLUMN conversions_failed;
