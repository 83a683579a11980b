-- Two reads that every service may make of tables it cannot see. New functions; locks nothing.
-- How much waits in every outbox, for services that run while its owner does not.
CREATE FUNCTION control.outboxes() RETURNS TABLE (outbox text, waiting bigint, oldest_s double precision)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    FOR outbox IN
        SELECT n.nspname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.relname = 'outbox' AND c.relkind = 'r'
    LOOP
        -- The count ends at 100,000: counting more takes long while a broker is away, and adds nothing.
        EXECUTE format(
            'SELECT count(*), coalesce(extract(epoch FROM now() - min(created_at)), 0)::double precision
             FROM (SELECT created_at FROM %I.outbox ORDER BY created_at LIMIT 100000) AS oldest', outbox
        ) INTO waiting, oldest_s;
        RETURN NEXT;
    END LOOP;
END
$$;
-- Counts and ages only, so every role may read them.
COMMENT ON FUNCTION control.outboxes() IS 'Messages waiting in each schema''s outbox, and the age of the oldest in seconds';

-- The tenant of an API key in use, by the key's SHA-256. Every role may ask: who has the hash has a key of 256 random bits.
CREATE FUNCTION control.tenant_of_api_key(hash bytea) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ SELECT tenant_id FROM control.api_keys WHERE key_hash = hash AND revoked_at IS NULL $$;
