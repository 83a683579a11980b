-- The key of documents' hashes, one for the platform, encrypted with the master key. A new table only; locks nothing.
CREATE TABLE control.document_key (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    key_encrypted bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    -- Events up to this time have been searched for unkeyed hashes of earlier versions. NULL: none yet.
    searched_until timestamptz
);

-- Not when only `searched_until` moves.
CREATE TRIGGER changed AFTER INSERT OR DELETE OR UPDATE OF key_encrypted ON control.document_key
    FOR EACH STATEMENT EXECUTE FUNCTION control.announce_change();
