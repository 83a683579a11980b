-- The removed hashes do not come back; no version needs them.
SELECT;
