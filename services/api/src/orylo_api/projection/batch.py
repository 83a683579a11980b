"""The read models' one way in: a batch of news in one transaction."""

from collections.abc import Sequence
from operator import attrgetter, itemgetter
from typing import Any

from orylo_api.payments.projection import actor_id, detector_data
from orylo_api.projection.table import News, claims_of, project
from orylo_api.quarantine.projection import APPLY_REPLAYS, INSERT_QUARANTINED, quarantined_columns, replay_columns
from orylo_api.read_models.effects import AMOUNTS, COUNTERS, Changes, ConversionRow, DeadMessage, PaymentRow
from orylo_api.rejections.projection import ADD_REJECTIONS, rejection_columns
from orylo_common.postgres.pool import Connection

# Rows of every statement are sorted by their key, so that two replicas take locks in one order.
CLAIM = """
    INSERT INTO api.inbox (tenant_id, message_id) SELECT * FROM unnest($1::uuid[], $2::uuid[])
    ON CONFLICT DO NOTHING
    RETURNING tenant_id, message_id
"""

INSERT_DETECTIONS = """
    INSERT INTO api.detections_view (
        tenant_id, id, event_id, payment_id, payment_type, gateway, customer_id, decision, risk_score, findings,
        amount_minor, currency, occurred_at, created_at
    )
    SELECT * FROM unnest(
        $1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
        $9::smallint[], $10::jsonb[], $11::bigint[], $12::text[], $13::timestamptz[], $14::timestamptz[]
    )
    ON CONFLICT DO NOTHING
"""

UPSERT_PAYMENTS = """
    INSERT INTO api.payments_view AS p (
        tenant_id, payment_id, gateway, state, updated_at, state_key, customer_id, amount_minor, currency, details,
        details_key, refunded_minor, created_at, enriched
    )
    SELECT * FROM unnest(
        $1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::text[], $7::text[], $8::bigint[],
        $9::text[], $10::jsonb[], $11::text[], $12::bigint[], $13::timestamptz[], $14::jsonb[]
    )
    ON CONFLICT (tenant_id, payment_id) DO UPDATE SET
        state = CASE WHEN EXCLUDED.state_key > p.state_key THEN EXCLUDED.state ELSE p.state END,
        updated_at = CASE WHEN EXCLUDED.state_key > p.state_key THEN EXCLUDED.updated_at ELSE p.updated_at END,
        state_key = greatest(EXCLUDED.state_key, p.state_key),
        -- Rows that were written before `enriched` was there have no customer among their details.
        customer_id = coalesce(
            CASE WHEN EXCLUDED.details_key > p.details_key THEN EXCLUDED.details ->> 'customer_id'
                 WHEN p.details ? 'customer_id' THEN p.details ->> 'customer_id' ELSE p.customer_id END,
            api.merge_enriched(EXCLUDED.enriched, p.enriched) #>> '{customer_id,1}'),
        amount_minor = CASE WHEN EXCLUDED.details_key > p.details_key THEN EXCLUDED.amount_minor
                            ELSE p.amount_minor END,
        currency = CASE WHEN EXCLUDED.details_key > p.details_key THEN EXCLUDED.currency ELSE p.currency END,
        details = CASE WHEN EXCLUDED.details_key > p.details_key THEN EXCLUDED.details ELSE p.details END,
        details_key = greatest(EXCLUDED.details_key, p.details_key),
        refunded_minor = greatest(EXCLUDED.refunded_minor, p.refunded_minor),
        created_at = CASE WHEN (EXCLUDED.state_key < '0') = (p.state_key < '0')
                          THEN least(EXCLUDED.created_at, p.created_at)
                          WHEN p.state_key < '0' THEN EXCLUDED.created_at ELSE p.created_at END,
        enriched = api.merge_enriched(EXCLUDED.enriched, p.enriched)
"""

# What a customer has before the ledger says anything of them, where the tenant's settings of trust say nothing else.
START_SCORE = 50

# The condition spares a write for most of a returning customer's payments.
SEE_CUSTOMERS = f"""
    INSERT INTO api.customers_view AS c (tenant_id, customer_id, trust_score, status, version, created_at)
    SELECT seen.tenant_id, seen.customer_id,
           CASE WHEN jsonb_path_exists(s.value, '$.start ? (@ >= 0 && @ <= 100)')
                THEN (s.value ->> 'start')::numeric ELSE {START_SCORE} END,
           'neutral', 0, seen.created_at
    FROM unnest($1::uuid[], $2::text[], $3::timestamptz[]) AS seen (tenant_id, customer_id, created_at)
    LEFT JOIN control.settings AS s ON s.tenant_id = seen.tenant_id AND s.section = 'trust'
    ON CONFLICT (tenant_id, customer_id) DO UPDATE SET created_at = EXCLUDED.created_at
    WHERE EXCLUDED.created_at < c.created_at
"""  # noqa: S608

UPDATE_STANDINGS = """
    UPDATE api.customers_view AS c
    SET trust_score = s.trust_score, status = s.status, version = s.version, updated_at = s.updated_at
    FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::smallint[], $5::text[], $6::timestamptz[])
        AS s (tenant_id, customer_id, version, trust_score, status, updated_at)
    WHERE c.tenant_id = s.tenant_id AND c.customer_id = s.customer_id AND s.version > c.version
"""

# Messages name an actor by an id; people know each other by what they sign in with, and keys by their names.
INSERT_TRUST_CHANGES = """
    INSERT INTO api.trust_changes (
        tenant_id, customer_id, version, score_before, score_after, status, cause, occurred_at, reason, actor
    )
    SELECT c.tenant_id, c.customer_id, c.version, c.score_before, c.score_after, c.status, c.cause, c.occurred_at,
           c.reason, coalesce(u.email, k.name, c.actor)
    FROM unnest(
        $1::uuid[], $2::text[], $3::bigint[], $4::smallint[], $5::smallint[], $6::text[], $7::text[],
        $8::timestamptz[], $9::text[], $10::text[], $11::uuid[]
    ) AS c (
        tenant_id, customer_id, version, score_before, score_after, status, cause, occurred_at, reason, actor, actor_id
    )
    LEFT JOIN control.users AS u ON u.tenant_id = c.tenant_id AND u.id = c.actor_id
    LEFT JOIN control.api_keys AS k ON k.tenant_id = c.tenant_id AND k.id = c.actor_id
    ON CONFLICT DO NOTHING
"""

UPSERT_CONVERSIONS = """
    INSERT INTO api.conversions_view AS c (
        tenant_id, id, event_id, payment_id, destination, destination_id, event_name, status, match_method,
        match_confidence, match_click_id, attempts, reason, code, amount_minor, currency, created_at, updated_at,
        status_key
    )
    SELECT * FROM unnest(
        $1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::text[], $8::text[], $9::text[],
        $10::float8[], $11::text[], $12::integer[], $13::text[], $14::text[], $15::bigint[], $16::text[],
        $17::timestamptz[], $18::timestamptz[], $19::text[]
    )
    ON CONFLICT (tenant_id, id) DO UPDATE SET
        status = EXCLUDED.status, match_method = EXCLUDED.match_method,
        match_confidence = EXCLUDED.match_confidence, match_click_id = EXCLUDED.match_click_id,
        attempts = EXCLUDED.attempts, reason = EXCLUDED.reason, code = EXCLUDED.code,
        updated_at = EXCLUDED.updated_at, status_key = EXCLUDED.status_key
    WHERE EXCLUDED.status_key > c.status_key
"""

INSERT_DEAD_LETTERS = """
    INSERT INTO api.dead_letters (
        tenant_id, id, source, kind, subject_id, type, subject, reason, code, attempts, body,
        first_failed_at, created_at
    )
    SELECT * FROM unnest(
        $1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::text[], $8::text[], $9::text[],
        $10::integer[], $11::bytea[], $12::timestamptz[], $13::timestamptz[]
    )
    ON CONFLICT DO NOTHING
"""

# Both ways round: the delivery may be heard of before the failure that came before it.
RESOLVE_DELIVERED = """
    UPDATE api.dead_letters AS d
    SET state = 'resolved', settled_at = c.updated_at
    FROM unnest($1::uuid[], $2::uuid[]) AS touched (tenant_id, id)
    JOIN api.conversions_view AS c USING (tenant_id, id)
    WHERE d.tenant_id = touched.tenant_id AND d.subject_id = touched.id AND d.kind = 'conversion'
      AND c.status = 'dispatched' AND d.state IN ('open', 'replayed')
"""

_COUNTER_ARRAYS = ", ".join(f"${position}::integer[]" for position in range(3, 3 + len(COUNTERS)))
ADD_COUNTS = f"""
    INSERT INTO api.rollups AS r (tenant_id, grain, bucket, {", ".join(COUNTERS)})
    SELECT tenant_id, grain, date_trunc(grain, minute, 'UTC') AS bucket,
           {", ".join(f"sum({name})" for name in COUNTERS)}
    FROM unnest($1::uuid[], $2::timestamptz[], {_COUNTER_ARRAYS}) AS n (tenant_id, minute, {", ".join(COUNTERS)})
    CROSS JOIN (VALUES ('minute'), ('hour'), ('day')) AS g (grain)
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (tenant_id, grain, bucket) DO UPDATE SET
        {", ".join(f"{name} = r.{name} + EXCLUDED.{name}" for name in COUNTERS)}
"""  # noqa: S608

ADD_AMOUNTS = f"""
    INSERT INTO api.rollup_amounts AS r (tenant_id, grain, bucket, currency, {", ".join(AMOUNTS)})
    SELECT tenant_id, grain, date_trunc(grain, minute, 'UTC') AS bucket, currency,
           {", ".join(f"sum({name})" for name in AMOUNTS)}
    FROM unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::numeric[], $5::numeric[], $6::numeric[])
        AS n (tenant_id, minute, currency, {", ".join(AMOUNTS)})
    CROSS JOIN (VALUES ('minute'), ('hour'), ('day')) AS g (grain)
    GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
    ON CONFLICT (tenant_id, grain, bucket, currency) DO UPDATE SET
        {", ".join(f"{name} = r.{name} + EXCLUDED.{name}" for name in AMOUNTS)}
"""  # noqa: S608

ADD_STREAM_EVENTS = "SELECT api.add_stream_events($1, $2)"


async def write_news(connection: Connection, batch: Sequence[News]) -> list[bool]:
    """Fold `batch` into the read models, in a transaction that the caller holds; for each, whether it was new."""
    wanted = sorted({(news.tenant_id, claim) for news in batch for claim in claims_of(news)})
    fresh = {(row[0], row[1]) for row in await connection.fetch(CLAIM, *_columns(wanted))}
    # Of a message that stands twice in the batch, the first is new.
    left = set(fresh)
    new = []
    for news in batch:
        claim = (news.tenant_id, news.message_id)
        new.append(claim in left)
        left.discard(claim)
    await _write(connection, project(batch, fresh))
    return new


async def _write(connection: Connection, changes: Changes) -> None:
    for statement, rows in (
        (INSERT_DETECTIONS, _detections(changes)),
        (UPSERT_PAYMENTS, _payments(changes)),
        (SEE_CUSTOMERS, sorted((*key, seen_at) for key, seen_at in changes.customers.items())),
        (UPDATE_STANDINGS, _standings(changes)),
        (INSERT_TRUST_CHANGES, _trust_changes(changes)),
        (UPSERT_CONVERSIONS, _conversions(changes)),
        (INSERT_DEAD_LETTERS, _dead_letters(changes)),
        (RESOLVE_DELIVERED, list(changes.conversions)),
        (ADD_REJECTIONS, rejection_columns(changes.refusals)),
        (INSERT_QUARANTINED, quarantined_columns(changes.quarantined)),
        (APPLY_REPLAYS, replay_columns(changes.replays)),
        (ADD_COUNTS, [(*key, *counts) for key, counts in changes.counts.items()]),
        (ADD_AMOUNTS, [(*key, *amounts) for key, amounts in changes.amounts.items()]),
        (ADD_STREAM_EVENTS, [(tenant_id, b"\n\n".join(events)) for tenant_id, events in changes.stream.items()]),
    ):
        if rows:
            await connection.execute(statement, *_columns(rows))


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return list(zip(*rows, strict=True))


def _detections(changes: Changes) -> list[tuple[Any, ...]]:
    return [
        (
            detection.tenant_id,
            detection.detection_id,
            detection.event_id,
            detection.payment_id,
            detection.payment_type,
            detection.gateway,
            detection.customer_id,
            detection.decision,
            detection.risk_score,
            {
                "reasons": detection.reasons,
                "detectors": [detector_data(result) for result in detection.detectors],
                "degraded": detection.degraded,
            },
            detection.amount_minor,
            detection.currency,
            detection.occurred_at,
            created_at,
        )
        for _, (detection, created_at) in sorted(changes.detections.items(), key=itemgetter(0))
    ]


def _payments(changes: Changes) -> list[tuple[Any, ...]]:
    return [(*key, *_PAYMENT_VALUES(row)) for key, row in sorted(changes.payments.items(), key=itemgetter(0))]


def _conversions(changes: Changes) -> list[tuple[Any, ...]]:
    return [(*key, *_CONVERSION_VALUES(row)) for key, row in sorted(changes.conversions.items(), key=itemgetter(0))]


def _standings(changes: Changes) -> list[tuple[Any, ...]]:
    return [
        (*key, trust.version, trust.score_after, trust.status, trust.occurred_at)
        for key, trust in changes.standings.items()
    ]


def _trust_changes(changes: Changes) -> list[tuple[Any, ...]]:
    rows = [
        (
            trust.tenant_id,
            trust.customer_id,
            trust.version,
            trust.score_before,
            trust.score_after,
            trust.status,
            trust.cause,
            trust.occurred_at,
            trust.reason,
            trust.actor,
            actor_id(trust.actor),
        )
        for trust in changes.trust
    ]
    return sorted(rows, key=itemgetter(0, 1, 2))


def _dead_letters(changes: Changes) -> list[tuple[Any, ...]]:
    return sorted(map(_DEAD_LETTER_VALUES, changes.dead_letters), key=itemgetter(0, 1))


# Columns of each statement, in its order.
_PAYMENT_VALUES = attrgetter(*PaymentRow.__slots__)
_CONVERSION_VALUES = attrgetter(*ConversionRow.__slots__)
_DEAD_LETTER_VALUES = attrgetter(*DeadMessage.__slots__)
