-- Fails while rows of several messages wait: only the current version can publish them.
ALTER TABLE dispatch.outbox ALTER COLUMN body SET NOT NULL, DROP COLUMN message_ids, DROP COLUMN bodies;
