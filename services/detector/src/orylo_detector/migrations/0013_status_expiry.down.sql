-- Statuses no longer end on their own in the detector, but with the next message of the trust service.
ALTER TABLE detector.customers DROP COLUMN status_expires_at;
