-- A row of the outbox may hold all messages of a transaction. Nullable columns: the table is locked for a moment only.
ALTER TABLE detector.outbox
    ALTER COLUMN body DROP NOT NULL,
    ADD COLUMN bodies bytea,
    ADD COLUMN message_ids uuid[];
-- They are compressed already.
ALTER TABLE detector.outbox ALTER COLUMN bodies SET STORAGE EXTERNAL;
COMMENT ON COLUMN detector.outbox.bodies IS 'of several messages, in place of the body of one';
COMMENT ON COLUMN detector.outbox.message_ids IS 'of the messages in `bodies` that are to be published; null: all';
