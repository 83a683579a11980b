-- What later events told of a sale is lost. Takes a moment's exclusive lock.
DROP FUNCTION api.merge_enriched;
ALTER TABLE api.payments_view DROP COLUMN enriched;
