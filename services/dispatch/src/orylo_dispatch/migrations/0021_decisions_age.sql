-- Only retention reads decisions by their age: a BRIN index has an entry for 128 pages, not for each row. Blocks writes
-- to the table while it builds the index: some seconds for a million rows.
CREATE INDEX decisions_age ON dispatch.decisions USING brin (created_at);
DROP INDEX dispatch.decisions_created_at;
