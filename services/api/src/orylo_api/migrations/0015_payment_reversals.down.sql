-- Failed refunds and disputes that were decided again are forgotten. Takes a moment's exclusive lock.
ALTER TABLE api.payments_view DROP COLUMN reversals;
