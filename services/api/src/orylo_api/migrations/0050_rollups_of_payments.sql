-- Rollups of payments and conversions, derived from their rows. New tables, filled from the rows there are: reads all
-- payments and conversions once. The one new index on payments is small, but blocks their writes while it is built.

-- Immutable, as the times in keys are always UTC: an index needs that.
CREATE FUNCTION api.payment_time(details_key text, created_at timestamptz) RETURNS timestamptz
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN CASE WHEN details_key COLLATE "C" >= '5|' THEN split_part(details_key, '|', 2)::timestamptz ELSE created_at END;
END $$;
COMMENT ON FUNCTION api.payment_time IS 'when a payment was paid; one that was not, when it was created';

-- The same as `orylo_api.payments.reversals.outcome_of`.
CREATE FUNCTION api.payment_outcome(state text, refunded_minor bigint, reversals jsonb, OUT outcome text, OUT refunded numeric)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    refund jsonb := reversals -> 'refunded';
    refund_outcome text;
    dispute text;
    failed numeric;
BEGIN
    outcome := state;
    refunded := refunded_minor;
    IF reversals = '{}' THEN
        RETURN;
    END IF;
    IF refund IS NOT NULL THEN
        refunded := (refund #>> '{1,0}')::numeric;
        SELECT sum((report.value ->> 1)::numeric) INTO failed FROM jsonb_each(reversals) AS report
        WHERE report.key LIKE 'refund\_failed:%'
          AND split_part(report.value ->> 0, '|', 2) COLLATE "C" >= split_part(refund ->> 0, '|', 2) COLLATE "C";
        IF failed IS NULL THEN
            refund_outcome := CASE WHEN (refund #>> '{1,1}')::boolean THEN 'refunded' ELSE 'partially_refunded' END;
        ELSE
            refunded := greatest(0, refunded - failed);
            refund_outcome := CASE WHEN refunded > 0 THEN 'partially_refunded' ELSE 'succeeded' END;
        END IF;
    END IF;
    SELECT report.value ->> 1 INTO dispute FROM jsonb_each(reversals) AS report WHERE report.key LIKE 'dispute:%'
    ORDER BY array_position(ARRAY['chargeback', 'disputed', 'dispute_won'], report.value ->> 1) LIMIT 1;
    IF dispute IS NOT NULL THEN
        outcome := dispute;
    ELSIF refund_outcome IS NOT NULL AND state NOT IN ('chargeback', 'disputed', 'dispute_won') THEN
        outcome := refund_outcome;
    END IF;
END $$;
COMMENT ON FUNCTION api.payment_outcome IS 'the state that all refunds and disputes lead to, and the refunded amount';

-- The same as `orylo_common.fraud_evidence.is_fraud`.
CREATE FUNCTION api.is_fraud(reports jsonb) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    signs text[];
BEGIN
    IF reports IS NULL OR reports = '{}' THEN
        RETURN false;
    END IF;
    SELECT array_agg(report.value ->> 1) INTO signs FROM jsonb_each(reports) AS report;
    IF signs && ARRAY['judged_fraud', 'judged_legitimate'] THEN
        RETURN 'judged_fraud' = ANY (signs);
    END IF;
    RETURN signs && ARRAY['disputed', 'dispute_lost'] OR 'warned' = ANY (signs) AND NOT 'dispute_won' = ANY (signs);
END $$;

-- Log-spaced buckets: b holds the times above 1.2^(b - 1) ms, up to 1.2^b ms. So a percentile is off by 10 % at most.
CREATE FUNCTION api.latency_bucket(latency interval) RETURNS smallint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT ceil(ln(greatest(extract(epoch FROM latency)::float8 * 1000, 1)) / ln(1.2::float8))::smallint
$$;

-- The views say what each payment and conversion counts as. The projection adds the difference that a message makes to
-- them; a rebuild and the tests sum them again.
CREATE VIEW api.counted_payments WITH (security_invoker = true) AS
SELECT p.tenant_id, p.payment_id, api.payment_time(p.details_key, p.created_at) AS at,
       left(p.gateway, 40) AS gateway,
       left(coalesce(p.details ->> 'payment_method', p.enriched #>> '{payment_method,1}', ''), 40) AS method,
       p.currency,
       coalesce(d.decision, '') AS decision,
       CASE WHEN o.outcome = 'failed' THEN left(coalesce(p.details #>> '{attributes,payment.failure_code}', ''), 60)
            ELSE '' END AS decline_code,
       1 AS payments,
       s.succeeded::integer AS succeeded,
       (o.outcome = 'failed')::integer AS failed,
       (o.outcome = 'canceled')::integer AS canceled,
       (o.refunded > 0)::integer AS refunded,
       (o.outcome IN ('disputed', 'dispute_won', 'chargeback'))::integer AS disputed,
       (o.outcome = 'chargeback')::integer AS chargebacks,
       (coalesce(d.degraded, '[]') <> '[]')::integer AS degraded,
       (coalesce(d.decision, '') IN ('review', 'block') AND e.verdict IS NOT DISTINCT FROM 'legitimate')::integer AS false_alarms,
       (s.succeeded AND coalesce(e.verdict, '') IN ('fraud', 'legitimate'))::integer AS judged,
       (s.succeeded AND f.fraud)::integer AS frauds,
       (f.stopped IS NOT DISTINCT FROM 'declined')::integer AS stopped_declined,
       (f.stopped IS NOT DISTINCT FROM 'canceled')::integer AS stopped_canceled,
       (f.stopped IS NOT DISTINCT FROM 'refunded')::integer AS stopped_refunded,
       (f.stopped IS NOT DISTINCT FROM 'at_provider')::integer AS stopped_at_provider,
       p.amount_minor::numeric AS amount_minor,
       CASE WHEN s.succeeded THEN p.amount_minor ELSE 0 END::numeric AS succeeded_minor,
       o.refunded AS refunded_minor,
       CASE WHEN o.outcome = 'chargeback' THEN p.amount_minor ELSE 0 END::numeric AS chargeback_minor,
       CASE WHEN s.succeeded AND f.fraud THEN p.amount_minor ELSE 0 END::numeric AS fraud_minor,
       CASE WHEN f.stopped = 'declined' THEN p.amount_minor ELSE 0 END::numeric AS stopped_declined_minor,
       CASE WHEN f.stopped = 'canceled' THEN p.amount_minor ELSE 0 END::numeric AS stopped_canceled_minor,
       CASE WHEN f.stopped = 'refunded' THEN o.refunded ELSE 0 END AS stopped_refunded_minor,
       CASE WHEN f.stopped = 'at_provider' THEN p.amount_minor ELSE 0 END::numeric AS stopped_at_provider_minor
FROM api.payments_view AS p
CROSS JOIN LATERAL api.payment_outcome(p.state, p.refunded_minor, p.reversals) AS o
CROSS JOIN LATERAL (SELECT p.details_key >= '5|' AS succeeded) AS s
LEFT JOIN LATERAL (
    SELECT n.decision, n.findings -> 'degraded' AS degraded FROM api.detections_view AS n
    WHERE n.tenant_id = p.tenant_id AND n.payment_id = p.payment_id ORDER BY n.version DESC, n.id DESC LIMIT 1
) AS d ON true
LEFT JOIN api.fraud_evidence AS e ON e.tenant_id = p.tenant_id AND e.payment_id = p.payment_id
LEFT JOIN LATERAL (
    -- Stopped is what a person judged fraud, and what Orylo blocked unless a person judged it legitimate.
    SELECT api.is_fraud(e.reports) AS fraud, CASE
        WHEN coalesce(e.verdict, '') <> 'fraud' AND (coalesce(d.decision, '') <> 'block' OR e.verdict = 'legitimate') THEN NULL
        WHEN EXISTS (
            SELECT FROM api.actions_view AS a
            WHERE a.tenant_id = p.tenant_id AND a.payment_id = p.payment_id AND a.status = 'done'
        ) THEN 'at_provider'
        WHEN o.outcome = 'canceled' THEN 'canceled'
        WHEN o.outcome = 'failed' THEN 'declined'
        WHEN o.refunded > 0 THEN 'refunded'
    END AS stopped
) AS f ON true
-- Below '0' only later events of the payment are known, which its own event has yet to follow.
WHERE p.state_key >= '0' AND (p.details ->> 'test') IS DISTINCT FROM 'true';

CREATE VIEW api.counted_conversions WITH (security_invoker = true) AS
SELECT tenant_id, id AS conversion_id, created_at AS at,
       left(split_part(payment_id, ':', 1), 40) AS gateway, left(destination, 40) AS destination, destination_id, match_method, currency,
       1 AS conversions,
       (status = 'pending')::integer AS pending,
       (status = 'dispatched')::integer AS dispatched,
       (status = 'failed')::integer AS failed,
       (status = 'suppressed')::integer AS suppressed,
       amount_minor::numeric AS amount_minor,
       CASE WHEN status = 'dispatched' THEN amount_minor ELSE 0 END::numeric AS dispatched_minor,
       CASE WHEN status = 'dispatched' THEN api.latency_bucket(updated_at - created_at) END AS latency
FROM api.conversions_view
-- Without a key only its correction is known.
WHERE status_key <> '';

CREATE TABLE api.payment_rollups (
    tenant_id uuid NOT NULL,
    grain text NOT NULL CHECK (grain IN ('minute', 'quarter', 'hour', 'day')),
    bucket timestamptz NOT NULL,
    gateway text NOT NULL,
    currency text NOT NULL,
    decision text NOT NULL,
    payments integer NOT NULL,
    succeeded integer NOT NULL,
    failed integer NOT NULL,
    canceled integer NOT NULL,
    refunded integer NOT NULL,
    disputed integer NOT NULL,
    chargebacks integer NOT NULL,
    degraded integer NOT NULL,
    false_alarms integer NOT NULL,
    judged integer NOT NULL,
    frauds integer NOT NULL,
    stopped_declined integer NOT NULL,
    stopped_canceled integer NOT NULL,
    stopped_refunded integer NOT NULL,
    stopped_at_provider integer NOT NULL,
    -- numeric: one absurd amount must not overflow the hour it falls into.
    amount_minor numeric NOT NULL,
    succeeded_minor numeric NOT NULL,
    refunded_minor numeric NOT NULL,
    chargeback_minor numeric NOT NULL,
    fraud_minor numeric NOT NULL,
    stopped_declined_minor numeric NOT NULL,
    stopped_canceled_minor numeric NOT NULL,
    stopped_refunded_minor numeric NOT NULL,
    stopped_at_provider_minor numeric NOT NULL,
    PRIMARY KEY (tenant_id, grain, bucket, gateway, currency, decision)
-- Every batch updates the rows of the present minute, quarter, hour and day: room for that on their own page.
) WITH (fillfactor = 50);
COMMENT ON TABLE api.payment_rollups IS
    'sums of api.counted_payments by minute (two days), quarter of an hour, hour and day of UTC. Other days are sums of these';

-- Apart from the above, which is read most and would have ten times as many rows with a method and a code.
CREATE TABLE api.method_rollups (
    tenant_id uuid NOT NULL,
    grain text NOT NULL CHECK (grain IN ('quarter', 'hour', 'day')),
    bucket timestamptz NOT NULL,
    gateway text NOT NULL,
    method text NOT NULL,
    currency text NOT NULL,
    payments integer NOT NULL,
    succeeded integer NOT NULL,
    failed integer NOT NULL,
    canceled integer NOT NULL,
    refunded integer NOT NULL,
    amount_minor numeric NOT NULL,
    succeeded_minor numeric NOT NULL,
    refunded_minor numeric NOT NULL,
    PRIMARY KEY (tenant_id, grain, bucket, gateway, method, currency)
) WITH (fillfactor = 50);

CREATE TABLE api.decline_rollups (
    tenant_id uuid NOT NULL,
    grain text NOT NULL CHECK (grain IN ('quarter', 'hour', 'day')),
    bucket timestamptz NOT NULL,
    gateway text NOT NULL,
    decline_code text NOT NULL,
    failed integer NOT NULL,
    PRIMARY KEY (tenant_id, grain, bucket, gateway, decline_code)
) WITH (fillfactor = 50);

CREATE TABLE api.conversion_rollups (
    tenant_id uuid NOT NULL,
    grain text NOT NULL CHECK (grain IN ('minute', 'quarter', 'hour', 'day')),
    bucket timestamptz NOT NULL,
    gateway text NOT NULL,
    destination text NOT NULL,
    destination_id uuid NOT NULL,
    match_method text NOT NULL,
    currency text NOT NULL,
    conversions integer NOT NULL,
    pending integer NOT NULL,
    dispatched integer NOT NULL,
    failed integer NOT NULL,
    suppressed integer NOT NULL,
    amount_minor numeric NOT NULL,
    dispatched_minor numeric NOT NULL,
    PRIMARY KEY (tenant_id, grain, bucket, gateway, destination, destination_id, match_method, currency)
) WITH (fillfactor = 50);

CREATE TABLE api.delivery_rollups (
    tenant_id uuid NOT NULL,
    grain text NOT NULL CHECK (grain IN ('quarter', 'hour', 'day')),
    bucket timestamptz NOT NULL,
    destination_id uuid NOT NULL,
    latency smallint NOT NULL,
    dispatched integer NOT NULL,
    PRIMARY KEY (tenant_id, grain, bucket, destination_id, latency)
) WITH (fillfactor = 50);
COMMENT ON COLUMN api.delivery_rollups.latency IS 'api.latency_bucket of the time from a conversion''s creation to its delivery';

-- For retention and for rebuilds, which read all tenants' rows of a period.
CREATE INDEX payment_rollups_age ON api.payment_rollups USING brin (bucket);
CREATE INDEX method_rollups_age ON api.method_rollups USING brin (bucket);
CREATE INDEX decline_rollups_age ON api.decline_rollups USING brin (bucket);
CREATE INDEX conversion_rollups_age ON api.conversion_rollups USING brin (bucket);
CREATE INDEX delivery_rollups_age ON api.delivery_rollups USING brin (bucket);
CREATE INDEX payments_time ON api.payments_view USING brin (api.payment_time(details_key, created_at));

SELECT api.bind_to_tenant('payment_rollups', 'method_rollups', 'decline_rollups', 'conversion_rollups', 'delivery_rollups');
GRANT SELECT ON api.payment_rollups, api.method_rollups, api.decline_rollups, api.conversion_rollups, api.delivery_rollups
    TO orylo_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON api.payment_rollups, api.method_rollups, api.decline_rollups,
    api.conversion_rollups, api.delivery_rollups TO orylo_api_projector;
GRANT SELECT ON api.counted_payments, api.counted_conversions TO orylo_api_projector;

INSERT INTO api.payment_rollups
SELECT tenant_id, grain, date_bin(length, at, '2000-01-01T00:00:00Z'),
       gateway, currency, decision, sum(payments), sum(succeeded), sum(failed), sum(canceled), sum(refunded),
       sum(disputed), sum(chargebacks), sum(degraded), sum(false_alarms), sum(judged), sum(frauds),
       sum(stopped_declined), sum(stopped_canceled), sum(stopped_refunded), sum(stopped_at_provider),
       sum(amount_minor), sum(succeeded_minor), sum(refunded_minor), sum(chargeback_minor), sum(fraud_minor),
       sum(stopped_declined_minor), sum(stopped_canceled_minor), sum(stopped_refunded_minor),
       sum(stopped_at_provider_minor)
FROM api.counted_payments
CROSS JOIN (VALUES ('minute', interval '1 minute'), ('quarter', '15 minutes'), ('hour', '1 hour'), ('day', '1 day'))
    AS g (grain, length)
WHERE (grain <> 'minute' OR at >= now() - interval '2 days')
GROUP BY 1, 2, 3, 4, 5, 6;

INSERT INTO api.method_rollups
SELECT tenant_id, grain, date_bin(length, at, '2000-01-01T00:00:00Z'),
       gateway, method, currency, sum(payments), sum(succeeded), sum(failed), sum(canceled), sum(refunded),
       sum(amount_minor), sum(succeeded_minor), sum(refunded_minor)
FROM api.counted_payments
CROSS JOIN (VALUES ('minute', interval '1 minute'), ('quarter', '15 minutes'), ('hour', '1 hour'), ('day', '1 day'))
    AS g (grain, length)
WHERE grain <> 'minute'
GROUP BY 1, 2, 3, 4, 5, 6;

INSERT INTO api.decline_rollups
SELECT tenant_id, grain, date_bin(length, at, '2000-01-01T00:00:00Z'),
       gateway, decline_code, sum(failed)
FROM api.counted_payments
CROSS JOIN (VALUES ('minute', interval '1 minute'), ('quarter', '15 minutes'), ('hour', '1 hour'), ('day', '1 day'))
    AS g (grain, length)
WHERE grain <> 'minute' AND failed = 1
GROUP BY 1, 2, 3, 4, 5;

INSERT INTO api.conversion_rollups
SELECT tenant_id, grain, date_bin(length, at, '2000-01-01T00:00:00Z'),
       gateway, destination, destination_id, match_method, currency, sum(conversions), sum(pending),
       sum(dispatched), sum(failed), sum(suppressed), sum(amount_minor), sum(dispatched_minor)
FROM api.counted_conversions
CROSS JOIN (VALUES ('minute', interval '1 minute'), ('quarter', '15 minutes'), ('hour', '1 hour'), ('day', '1 day'))
    AS g (grain, length)
WHERE (grain <> 'minute' OR at >= now() - interval '2 days')
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;

INSERT INTO api.delivery_rollups
SELECT tenant_id, grain, date_bin(length, at, '2000-01-01T00:00:00Z'),
       destination_id, latency, sum(dispatched)
FROM api.counted_conversions
CROSS JOIN (VALUES ('minute', interval '1 minute'), ('quarter', '15 minutes'), ('hour', '1 hour'), ('day', '1 day'))
    AS g (grain, length)
WHERE grain <> 'minute' AND dispatched = 1
GROUP BY 1, 2, 3, 4, 5;
