"""The SQL that stores a batch of webhooks."""

# Arrays in, rows out: `item` has a row for each event of the batch, `claim` one for each fact.
# Both are written in key order, so that two processes wait for each other instead of deadlocking.
# IN is executed as a hash lookup. A join would be planned for one row, with quadratic cost in the batch size.
RECORD_BATCH = """
    WITH item AS (
        SELECT * FROM unnest(
            $1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
            $9::text[], $10::text[], $11::bytea[], $12::timestamptz[], $13::uuid[], $14::bytea[], $15::bytea[]
        ) AS i (
            tenant_id, event_id, gateway, gateway_event_id, gateway_event_type, status, message_type, reason,
            payment_id, facts, payload, occurred_at, message_id, body, body_sha256
        )
    ), registered AS (
        INSERT INTO ingest.dedupe_registry (tenant_id, event_id, body_sha256)
        SELECT tenant_id, event_id, body_sha256 FROM item
        ON CONFLICT DO NOTHING
        RETURNING tenant_id, event_id
    ), claim AS (
        SELECT tenant_id, fact, event_id
        FROM item JOIN registered USING (tenant_id, event_id), unnest(string_to_array(facts, E'\\n')) AS fact
    ), claimed AS (
        INSERT INTO ingest.facts (tenant_id, fact, event_id)
        SELECT tenant_id, fact, event_id FROM claim ORDER BY tenant_id, fact, event_id
        ON CONFLICT DO NOTHING
        RETURNING tenant_id, fact, event_id
    ), already_reported AS (
        SELECT DISTINCT tenant_id, event_id FROM claim
        WHERE (tenant_id, fact, event_id) NOT IN (SELECT tenant_id, fact, event_id FROM claimed)
    ), stored AS (
        INSERT INTO ingest.events (
            tenant_id, event_id, gateway, gateway_event_id, gateway_event_type, status, message_type, reason,
            payment_id, payload, body_sha256, occurred_at
        )
        SELECT tenant_id, event_id, gateway, gateway_event_id, gateway_event_type,
               CASE WHEN (tenant_id, event_id) IN (SELECT tenant_id, event_id FROM already_reported)
                    THEN 'already_reported' ELSE status END,
               message_type, reason, payment_id, convert_from(payload, 'UTF8')::jsonb, body_sha256, occurred_at
        FROM item JOIN registered USING (tenant_id, event_id)
    ), announced AS (
        INSERT INTO ingest.outbox (message_id, type, bodies, message_ids)
        SELECT $16, $17, $18, CASE WHEN count(*) < $19 THEN array_agg(message_id) END
        FROM item JOIN registered USING (tenant_id, event_id)
        WHERE body IS NOT NULL AND (tenant_id, event_id) NOT IN (SELECT tenant_id, event_id FROM already_reported)
        HAVING count(*) > 0
    ), re_reported AS (
        SELECT tenant_id, event_id, message_id,
               jsonb_set(convert_from(body, 'UTF8')::jsonb, '{type}', '"payment.enriched.v1"') AS message
        FROM already_reported JOIN item USING (tenant_id, event_id) WHERE message_type = 'payment.succeeded.v1'
    ), enriched AS (
        INSERT INTO ingest.outbox (message_id, type, body)
        SELECT message_id, 'payment.enriched.v1', convert_to(message::text, 'UTF8') FROM re_reported
        RETURNING message_id, body
    )
    SELECT already_reported.tenant_id, already_reported.event_id, NULL::bytea AS body_sha256, true AS is_new,
           enriched.message_id, enriched.body
    FROM already_reported LEFT JOIN re_reported USING (tenant_id, event_id) LEFT JOIN enriched USING (message_id)
    UNION ALL
    SELECT item.tenant_id, item.event_id, known.body_sha256, false, NULL, NULL
    FROM item
    LEFT JOIN registered USING (tenant_id, event_id)
    LEFT JOIN ingest.dedupe_registry known USING (tenant_id, event_id)
    WHERE registered.event_id IS NULL
"""

# An event that another process registered while the statement ran is not in its snapshot, so it is read again.
SELECT_BODIES = """
    SELECT tenant_id, event_id, body_sha256 FROM ingest.dedupe_registry
    WHERE (tenant_id, event_id) IN (SELECT * FROM unnest($1::uuid[], $2::uuid[]))
"""
