-- Drops merges and their reviews: every customer is shown alone.
DROP TABLE api.merge_reviews_view, api.customer_merges;
ALTER TABLE api.customers_view DROP COLUMN merge_version, DROP COLUMN people;
