-- Erases what identifies one person in the detector. A function only; locks nothing.
CREATE FUNCTION detector.erase_person(person text[], payments text[], OUT kind text, OUT erased bigint)
RETURNS SETOF record LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    tenant CONSTANT uuid := nullif(current_setting('orylo.tenant_id', true), '')::uuid;
BEGIN
    kind := 'customers';
    DELETE FROM detector.customers WHERE tenant_id = tenant AND customer_id = ANY (person);
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN NEXT;

    kind := 'amounts';
    DELETE FROM detector.amounts
    WHERE tenant_id = tenant AND subject IN (SELECT 'customer:' || each.id FROM unnest(person) AS each (id));
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN NEXT;

    -- Their facts hold the hashes, the address and the card.
    kind := 'recent_payments';
    DELETE FROM detector.recent_payments WHERE tenant_id = tenant AND payment_id = ANY (payments);
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN NEXT;

    -- The counts by entity stay.
    kind := 'entities';
    DELETE FROM detector.entity_payments WHERE tenant_id = tenant AND payment_id = ANY (payments);
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN NEXT;

    kind := 'paid';
    UPDATE detector.paid SET customer_id = NULL
    WHERE tenant_id = tenant AND payment_id = ANY (payments) AND customer_id IS NOT NULL;
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN NEXT;

    kind := 'incidents';
    UPDATE detector.incidents SET customer_id = NULL WHERE tenant_id = tenant AND customer_id = ANY (person);
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN NEXT;

    kind := 'detections';
    UPDATE detector.detections SET customer_id = NULL
    WHERE tenant_id = tenant AND payment_id = ANY (payments) AND customer_id IS NOT NULL;
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN NEXT;
END $$;
COMMENT ON FUNCTION detector.erase_person IS 'Erases payments of a person with these customer ids, of the tenant of the transaction; counts rows by kind';
REVOKE EXECUTE ON FUNCTION detector.erase_person FROM PUBLIC;
GRANT USAGE ON SCHEMA detector TO orylo_api;
GRANT EXECUTE ON FUNCTION detector.erase_person TO orylo_api;
