-- Fails while rows of several messages wait: only the current version can publish them.
ALTER TABLE trust.outbox ALTER COLUMN body SET NOT NULL, DROP COLUMN message_ids, DROP COLUMN bodies;
