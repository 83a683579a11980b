-- Statuses end with a message of the trust service only, and each customer is decided by its own history.
ALTER TABLE detector.customers DROP COLUMN merge_version, DROP COLUMN people, DROP COLUMN status_expires_at;
