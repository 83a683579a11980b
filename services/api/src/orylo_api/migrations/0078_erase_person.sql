-- Erases what identifies one person in the API. A function only; locks nothing.
CREATE FUNCTION api.erase_person(person text[], payments text[], OUT kind text, OUT erased bigint)
RETURNS SETOF record LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    tenant CONSTANT uuid := api.current_tenant();
    personal CONSTANT text[] :=
        '{customer_id,card_last4,card_key,device_key,ip_key,phone_key,document_key,order_key,order_id}';
    -- Every payment has these details.
    unknown CONSTANT jsonb := '{"customer_id": null, "card_last4": null}';
BEGIN
    kind := 'payments';
    UPDATE api.payments_view
    SET customer_id = NULL, details = details - personal || unknown, enriched = enriched - personal, card_key = NULL,
        device_key = NULL, ip_key = NULL, phone_key = NULL, document_key = NULL, order_key = NULL
    WHERE tenant_id = tenant AND payment_id = ANY (payments)
      AND (customer_id IS NOT NULL OR details <> details - personal || unknown OR enriched ?| personal);
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN NEXT;

    kind := 'detections';
    UPDATE api.detections_view SET customer_id = NULL WHERE tenant_id = tenant AND customer_id = ANY (person);
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN NEXT;

    kind := 'conversions';
    UPDATE api.conversions_view SET match_click_id = NULL, match_utm = NULL
    WHERE tenant_id = tenant AND payment_id = ANY (payments)
      AND (match_click_id IS NOT NULL OR match_utm IS NOT NULL);
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN NEXT;

    kind := 'review_cases';
    UPDATE api.review_cases SET customer_id = NULL
    WHERE tenant_id = tenant AND payment_id = ANY (payments) AND customer_id IS NOT NULL;
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN NEXT;

    kind := 'review_decisions';
    UPDATE api.review_decisions SET customer_id = NULL
    WHERE tenant_id = tenant AND payment_id = ANY (payments) AND customer_id IS NOT NULL;
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN NEXT;

    kind := 'verdict_reasons';
    UPDATE api.fraud_evidence SET verdict_reason = NULL
    WHERE tenant_id = tenant AND payment_id = ANY (payments) AND verdict_reason IS NOT NULL;
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN NEXT;

    kind := 'notes';
    DELETE FROM api.notes
    WHERE tenant_id = tenant AND (
        subject_kind = 'customer' AND subject_id = ANY (person) OR subject_kind = 'payment' AND subject_id = ANY (payments)
    );
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN NEXT;

    -- Messages of the payments, and others that name a customer.
    kind := 'dead_letters';
    DELETE FROM api.dead_letters
    WHERE tenant_id = tenant AND (
        subject = ANY (payments)
        OR EXISTS (SELECT FROM unnest(person) AS each (id) WHERE position(convert_to(each.id, 'UTF8') IN body) > 0)
    );
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN NEXT;

    kind := 'trust_changes';
    DELETE FROM api.trust_changes WHERE tenant_id = tenant AND customer_id = ANY (person);
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN NEXT;

    kind := 'merges';
    DELETE FROM api.customer_merges WHERE tenant_id = tenant AND customer_id = ANY (person);
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN NEXT;

    kind := 'merge_reviews';
    DELETE FROM api.merge_reviews_view WHERE tenant_id = tenant AND customers && person;
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN NEXT;

    kind := 'rule_snoozes';
    DELETE FROM control.rule_snoozes WHERE tenant_id = tenant AND customer_id = ANY (person);
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN NEXT;

    kind := 'customers';
    DELETE FROM api.customers_view WHERE tenant_id = tenant AND customer_id = ANY (person);
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN NEXT;
END $$;
COMMENT ON FUNCTION api.erase_person IS 'Erases payments of a person with these customer ids, of the tenant of the transaction; counts rows by kind';
REVOKE EXECUTE ON FUNCTION api.erase_person FROM PUBLIC;
GRANT EXECUTE ON FUNCTION api.erase_person TO orylo_api;

-- The job forgets whom it erased.
GRANT UPDATE (request) ON api.jobs TO orylo_api;
