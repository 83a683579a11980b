-- Two roles: `orylo_api` sees one tenant at a time, `orylo_api_projector` writes for all of them. Locks nothing.
DO $$ BEGIN
    CREATE ROLE orylo_api_projector NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
GRANT orylo_api_projector TO CURRENT_USER;
GRANT USAGE ON SCHEMA api TO orylo_api_projector;
GRANT SELECT ON api.schema_migrations TO orylo_api_projector;

-- Set for one transaction by the API; without it there is no tenant, and no row.
CREATE FUNCTION api.current_tenant() RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT nullif(current_setting('orylo.tenant_id', true), '')::uuid
$$;

-- `orylo_api` gets the rows of its transaction's tenant, `orylo_api_projector` all of them.
CREATE FUNCTION api.bind_to_tenant(VARIADIC tables text[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY tables LOOP
        EXECUTE format('ALTER TABLE api.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY one_tenant ON api.%I TO orylo_api USING (tenant_id = api.current_tenant())', name);
        EXECUTE format('CREATE POLICY all_tenants ON api.%I TO orylo_api_projector USING (true)', name);
    END LOOP;
END $$;
REVOKE EXECUTE ON FUNCTION api.bind_to_tenant FROM PUBLIC;
