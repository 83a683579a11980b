-- Drops the index: monitoring reads the whole table.
DROP INDEX api.dead_letters_open;
