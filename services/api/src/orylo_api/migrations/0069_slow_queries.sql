-- Lets operators see the database's slow statements. A function only; locks nothing.
-- It runs as its owner, the role that migrates: no service may read all statistics. Values of parameters are not
-- in pg_stat_statements; commands such as CREATE ROLE, whose texts may hold a password, are left out.
CREATE FUNCTION api.slow_statements(longest_first boolean, max_rows integer)
RETURNS TABLE (query text, calls bigint, mean_ms float8, max_ms float8, total_ms float8, rows_returned bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    place text;
BEGIN
    SELECT format('%I.pg_stat_statements', n.nspname) INTO place
    FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname = 'pg_stat_statements';
    IF place IS NULL THEN
        RAISE undefined_object USING MESSAGE = 'pg_stat_statements is not installed in this database';
    END IF;
    RETURN QUERY EXECUTE format($statement$
        SELECT min(s.query), sum(s.calls)::bigint, sum(s.total_exec_time) / sum(s.calls), max(s.max_exec_time),
               sum(s.total_exec_time), sum(s.rows)::bigint
        FROM %s AS s
        WHERE s.dbid = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
          AND s.calls > 0 AND s.query ~* '^\s*(select|insert|update|delete|merge|with)\y'
        GROUP BY s.queryid
        ORDER BY CASE WHEN $1 THEN sum(s.total_exec_time) / sum(s.calls) ELSE sum(s.total_exec_time) END DESC, s.queryid
        LIMIT $2
    $statement$, place) USING longest_first, max_rows;
END $$;
REVOKE EXECUTE ON FUNCTION api.slow_statements FROM PUBLIC;
GRANT EXECUTE ON FUNCTION api.slow_statements TO orylo_api_projector;
