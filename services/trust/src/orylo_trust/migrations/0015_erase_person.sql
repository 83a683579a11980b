-- Erases what identifies one person in trust. A function only; locks nothing.
CREATE FUNCTION trust.erase_person(person text[], payments text[], OUT kind text, OUT erased bigint)
RETURNS SETOF record LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    tenant CONSTANT uuid := nullif(current_setting('orylo.tenant_id', true), '')::uuid;
    alias_ids text[];
BEGIN
    SELECT person || payments || coalesce(array_agg(known.id), '{}') INTO alias_ids
    FROM trust.accounts AS a CROSS JOIN jsonb_array_elements_text(coalesce(a.aliases, '[]')) AS known (id)
    WHERE a.tenant_id = tenant AND a.customer_id = ANY (person);

    -- An alias that another person shares stays with that person.
    kind := 'aliases';
    UPDATE trust.aliases SET customers = ARRAY(SELECT unnest(customers) EXCEPT SELECT unnest(person) ORDER BY 1)
    WHERE tenant_id = tenant AND alias_id = ANY (alias_ids) AND customers && person;
    GET DIAGNOSTICS erased = ROW_COUNT;
    DELETE FROM trust.aliases WHERE tenant_id = tenant AND alias_id = ANY (alias_ids) AND customers = '{}';
    RETURN NEXT;

    kind := 'accounts';
    DELETE FROM trust.accounts WHERE tenant_id = tenant AND customer_id = ANY (person);
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN NEXT;

    kind := 'months';
    DELETE FROM trust.months WHERE tenant_id = tenant AND customer_id = ANY (person);
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN NEXT;

    kind := 'merges';
    DELETE FROM trust.merges WHERE tenant_id = tenant AND customer_id = ANY (person);
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN NEXT;

    kind := 'merge_decisions';
    DELETE FROM trust.merge_decisions
    WHERE tenant_id = tenant AND (customer_id = ANY (person) OR same_as = ANY (person));
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN NEXT;

    kind := 'payers';
    DELETE FROM trust.payers WHERE tenant_id = tenant AND payment_id = ANY (payments);
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN NEXT;

    -- The points of each payment stay. They belong to no account.
    kind := 'ledger';
    UPDATE trust.ledger SET customer_id = 'erased', actor = NULL, reason = NULL
    WHERE tenant_id = tenant AND customer_id = ANY (person);
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN NEXT;
END $$;
COMMENT ON FUNCTION trust.erase_person IS 'Erases payments of a person with these customer ids, of the tenant of the transaction; counts rows by kind';
REVOKE EXECUTE ON FUNCTION trust.erase_person FROM PUBLIC;
GRANT USAGE ON SCHEMA trust TO orylo_api;
GRANT EXECUTE ON FUNCTION trust.erase_person TO orylo_api;
