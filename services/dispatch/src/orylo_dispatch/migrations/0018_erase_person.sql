-- Erases what identifies one person in dispatch. A function only; locks nothing.
CREATE FUNCTION dispatch.erase_person(person text[], payments text[], OUT kind text, OUT erased bigint)
RETURNS SETOF record LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    tenant CONSTANT uuid := nullif(current_setting('orylo.tenant_id', true), '')::uuid;
    personal CONSTANT text[] :=
        '{customer_id,match_keys,order_id,subscription_id,ip,user_agent,url,referrer,fbc,fbp}';
    theirs uuid[];
BEGIN
    -- The index of payments begins with the destination, so this steps through the destinations.
    WITH RECURSIVE destinations (id) AS (
        (SELECT destination_id FROM dispatch.deliveries WHERE tenant_id = tenant ORDER BY destination_id LIMIT 1)
        UNION ALL
        SELECT next.destination_id FROM destinations AS d CROSS JOIN LATERAL (
            SELECT destination_id FROM dispatch.deliveries
            WHERE tenant_id = tenant AND destination_id > d.id ORDER BY destination_id LIMIT 1
        ) AS next
    )
    SELECT array_agg(found.delivery_id) INTO theirs
    FROM destinations AS d CROSS JOIN LATERAL (
        SELECT delivery_id FROM dispatch.deliveries
        WHERE tenant_id = tenant AND destination_id = d.id AND payment_id = ANY (payments)
    ) AS found;

    -- Visits that a payment is attributed to, and others with the buyer's email address, phone or browser.
    kind := 'clicks';
    DELETE FROM dispatch.clicks WHERE tenant_id = tenant AND click_id IN (
        SELECT c.click_id
        FROM dispatch.deliveries AS d CROSS JOIN LATERAL (
            SELECT d.click_id
            UNION ALL
            SELECT click_id FROM dispatch.clicks
            WHERE tenant_id = tenant AND email = d.conversion #>> '{match_keys,email}'
            UNION ALL
            SELECT click_id FROM dispatch.clicks
            WHERE tenant_id = tenant AND phone = d.conversion #>> '{match_keys,phone}'
            UNION ALL
            SELECT click_id FROM dispatch.clicks WHERE tenant_id = tenant AND fbp = d.conversion ->> 'fbp'
        ) AS c
        WHERE d.delivery_id = ANY (theirs)
    );
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN NEXT;

    kind := 'enrichments';
    DELETE FROM dispatch.enrichments WHERE tenant_id = tenant AND payment_id = ANY (payments);
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN NEXT;

    -- What waits is never sent. The outbox announces it, as the service does itself.
    kind := 'stopped';
    WITH stopped AS (
        UPDATE dispatch.deliveries SET state = 'suppressed', reason = 'erased', code = NULL, settled_at = now()
        WHERE delivery_id = ANY (theirs) AND state IN ('held', 'pending') AND started_at IS NULL
        RETURNING *
    )
    INSERT INTO dispatch.outbox (message_id, type, body)
    SELECT message_id, 'conversion.suppressed.v1', convert_to(jsonb_build_object(
        'specversion', '1.0', 'id', message_id, 'source', 'orylo/dispatch', 'type', 'conversion.suppressed.v1',
        'subject', delivery_id, 'time', now(), 'datacontenttype', 'application/json', 'tenantid', tenant_id,
        'correlationid', correlation_id,
        'data', jsonb_build_object(
            'conversion_id', delivery_id, 'event_id', event_id, 'payment_id', payment_id,
            'destination_id', destination_id, 'destination', destination_kind, 'event_name', event_name,
            'match', jsonb_build_object('method', match_method, 'confidence', match_confidence),
            'amount_minor', amount_minor, 'currency', currency, 'decision_version', decision_version,
            'reason', reason
        )
    )::text, 'UTF8')
    FROM (SELECT gen_random_uuid() AS message_id, stopped.* FROM stopped) AS announced;
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN NEXT;

    kind := 'conversions';
    UPDATE dispatch.deliveries SET conversion = conversion - personal, click_id = NULL, match_utm = NULL
    WHERE delivery_id = ANY (theirs) AND (conversion ?| personal OR click_id IS NOT NULL OR match_utm IS NOT NULL);
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN NEXT;
END $$;
COMMENT ON FUNCTION dispatch.erase_person IS 'Erases payments of a person with these customer ids, of the tenant of the transaction; counts rows by kind';
REVOKE EXECUTE ON FUNCTION dispatch.erase_person FROM PUBLIC;
GRANT USAGE ON SCHEMA dispatch TO orylo_api;
GRANT EXECUTE ON FUNCTION dispatch.erase_person TO orylo_api;
