-- Erases what identifies one person in ingest. A function only; locks nothing.
CREATE FUNCTION ingest.erase_person(person text[], payments text[], OUT kind text, OUT erased bigint)
RETURNS SETOF record LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    tenant CONSTANT uuid := nullif(current_setting('orylo.tenant_id', true), '')::uuid;
BEGIN
    -- The row stays, so that the event is recognised when the gateway sends it again.
    kind := 'webhooks';
    UPDATE ingest.events SET payload = '{}'
    WHERE tenant_id = tenant AND payment_id = ANY (payments) AND payload <> '{}';
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN NEXT;

    -- It holds the gateway's id of the customer.
    kind := 'match_keys';
    UPDATE ingest.linked_payments SET match_key = NULL
    WHERE tenant_id = tenant AND payment_id = ANY (payments) AND match_key IS NOT NULL;
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN NEXT;
END $$;
COMMENT ON FUNCTION ingest.erase_person IS 'Erases payments of a person with these customer ids, of the tenant of the transaction; counts rows by kind';
REVOKE EXECUTE ON FUNCTION ingest.erase_person FROM PUBLIC;
GRANT USAGE ON SCHEMA ingest TO orylo_api;
GRANT EXECUTE ON FUNCTION ingest.erase_person TO orylo_api;
