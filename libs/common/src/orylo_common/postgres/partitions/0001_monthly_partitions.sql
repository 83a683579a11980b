-- Partitions are made by whoever runs, and tables are owned by who migrates: these functions bridge it. Locks nothing.
CREATE TABLE partitions.tables (
    parent text PRIMARY KEY,
    keep interval NOT NULL
);

-- `parent` is a table partitioned by range over a timestamptz column.
CREATE FUNCTION partitions.register(parent regclass, keep interval) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO partitions.tables VALUES (partitions.full_name(parent), keep)
    ON CONFLICT ON CONSTRAINT tables_pkey DO UPDATE SET keep = EXCLUDED.keep;
    EXECUTE format('CREATE TABLE %s PARTITION OF %s DEFAULT', partitions.full_name(parent) || '_default', parent);
    PERFORM partitions.ensure(parent);
END $$;

CREATE FUNCTION partitions.full_name(parent regclass) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT n.nspname || '.' || c.relname
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = parent
$$;

-- This month and the two after it. A month whose rows already lie in the default partition stays there.
CREATE FUNCTION partitions.ensure(parent regclass) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    table_name text := partitions.full_name(parent);
    first_day timestamptz;
    partition_name text;
BEGIN
    IF NOT EXISTS (SELECT FROM partitions.tables t WHERE t.parent = table_name) THEN
        RAISE EXCEPTION '% is not registered', table_name;
    END IF;
    FOR ahead IN 0..2 LOOP
        first_day := date_trunc('month', now() AT TIME ZONE 'UTC' + make_interval(months => ahead)) AT TIME ZONE 'UTC';
        partition_name := table_name || to_char(first_day AT TIME ZONE 'UTC', '_YYYY_MM');
        IF to_regclass(partition_name) IS NULL THEN
            BEGIN
                EXECUTE format(
                    'CREATE TABLE %s PARTITION OF %s FOR VALUES FROM (%L) TO (%L)',
                    partition_name, table_name, first_day,
                    (first_day AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC'
                );
            EXCEPTION WHEN check_violation OR duplicate_table THEN
                RAISE WARNING 'partition % was not made: %', partition_name, SQLERRM;
            END;
        END IF;
    END LOOP;
END $$;

-- Every registered table: partitions ahead are made, partitions wholly older than `keep` are dropped.
CREATE FUNCTION partitions.maintain() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    registered record;
    old record;
BEGIN
    FOR registered IN SELECT t.parent, t.keep FROM partitions.tables t WHERE to_regclass(t.parent) IS NOT NULL LOOP
        PERFORM partitions.ensure(registered.parent::regclass);
        FOR old IN
            SELECT child.oid::regclass AS name
            FROM pg_inherits i JOIN pg_class child ON child.oid = i.inhrelid
            WHERE i.inhparent = registered.parent::regclass
              AND child.relname ~ '_\d{4}_\d{2}$'
              AND to_date(right(child.relname, 7), 'YYYY_MM') + interval '1 month' < now() - registered.keep
        LOOP
            EXECUTE format('DROP TABLE %s', old.name);
        END LOOP;
    END LOOP;
END $$;

REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA partitions FROM PUBLIC;
-- Takes no argument and only does what is due, so that every service may keep the partitions going.
GRANT USAGE ON SCHEMA partitions TO PUBLIC;
GRANT EXECUTE ON FUNCTION partitions.maintain() TO PUBLIC;
