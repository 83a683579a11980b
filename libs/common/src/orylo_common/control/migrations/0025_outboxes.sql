-- How much waits in every outbox, for services that run while its owner does not. A new function; locks nothing.
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
