-- Deletes the rows of tenants whose date of deletion has passed. A new table and functions; locks nothing.
CREATE TABLE control.purged_parts (
    tenant_id uuid NOT NULL REFERENCES control.tenants ON DELETE CASCADE,
    part text NOT NULL CHECK (part IN ('ingest', 'detector', 'trust', 'dispatch', 'api')),
    done_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, part)
);

-- They run as their owner: services may not delete what they only append. Every role may call them, as they delete nothing
-- else. The clocks of the API, which restores tenants, and of the database may differ by five minutes.
CREATE FUNCTION control.purge_part(service text, chunk integer) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    tenant uuid;
    leaf regclass;
    deleted bigint;
    more boolean := false;
BEGIN
    -- A tenant cannot be restored while its row is locked.
    SELECT t.id INTO tenant FROM control.tenants AS t
    WHERE t.delete_at < now() - interval '5 minutes'
      AND NOT EXISTS (SELECT FROM control.purged_parts AS p WHERE p.tenant_id = t.id AND p.part = service)
    ORDER BY t.delete_at LIMIT 1 FOR SHARE OF t;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    FOR leaf IN
        SELECT c.oid FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
        WHERE c.relkind = 'r' AND (
            SELECT n.nspname FROM pg_class AS root JOIN pg_namespace AS n ON n.oid = root.relnamespace
            WHERE root.oid = coalesce(pg_partition_root(c.oid), c.oid::regclass)
        ) = service
    LOOP
        EXECUTE format(
            'DELETE FROM %1$s WHERE ctid = ANY (ARRAY(SELECT ctid FROM %1$s WHERE tenant_id = $1 LIMIT $2))', leaf
        ) USING tenant, chunk;
        GET DIAGNOSTICS deleted = ROW_COUNT;
        more := more OR deleted = chunk;
    END LOOP;
    IF NOT more THEN
        INSERT INTO control.purged_parts (tenant_id, part) VALUES (tenant, service);
    END IF;
    RETURN true;
END $$;
COMMENT ON FUNCTION control.purge_part IS 'Deletes up to chunk rows of each table of a service, of the next tenant that is due; false if none is';

-- The last step: the tenant itself with its configuration and users. The audit log stays.
CREATE FUNCTION control.delete_purged_tenant() RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    tenant record;
BEGIN
    SELECT t.id, t.slug INTO tenant FROM control.tenants AS t
    WHERE t.delete_at < now() - interval '5 minutes'
      AND (SELECT count(*) FROM control.purged_parts AS p WHERE p.tenant_id = t.id) = 5
    LIMIT 1 FOR UPDATE OF t;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO control.audit_log (tenant_id, id, actor_kind, actor, action, subject, address, user_agent)
    SELECT log, gen_random_uuid(), 'platform', 'platform', 'tenant.purge', 'tenant ' || tenant.slug, '', ''
    FROM unnest(ARRAY[tenant.id, '00000000-0000-0000-0000-000000000000']) AS log;
    -- Without a foreign key, as the platform's own have no tenant.
    DELETE FROM control.switches WHERE tenant_id = tenant.id;
    DELETE FROM control.tenants WHERE id = tenant.id;
    RETURN true;
END $$;
