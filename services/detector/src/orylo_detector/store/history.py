"""Reads the history of many payments at once."""

import asyncio
from collections.abc import Collection, Sequence
from itertools import chain
from uuid import UUID

import asyncpg
import structlog

from orylo_common.control.lists.values import EntryType
from orylo_common.messages import PaymentFact, TrustStatus
from orylo_common.postgres.errors import TRANSIENT_ERRORS, PostgresUnavailable
from orylo_detector.deadline import within_deadline
from orylo_detector.domain.amounts import AmountHistory, summarise
from orylo_detector.domain.countries import Location
from orylo_detector.domain.entities import REMEMBERED, EntityCounts, entities_of, fortnight_of
from orylo_detector.domain.features import CustomerHistory, subjects_of
from orylo_detector.domain.known_payment import KnownPayment
from orylo_detector.domain.lists import ListHit
from orylo_detector.ports import History
from orylo_detector.store.listed import SELECT_HITS, ListKey, hits_of, list_columns, list_keys_of
from orylo_detector.store.recent_payments import decoded

# LATERAL looks up one key at a time, here and below: it uses the index whatever the planner's estimates are. A customer
# that is one person with others has the history of all of them, and the trust of the first.
SELECT_CUSTOMERS = """
    SELECT 'customer' AS kind, asked.tenant_id, asked.customer_id AS subject, asked.payment_id AS qualifier, c.payments,
           c.first_paid_at, i.refunds, i.disputes, i.disputes_won, i.fraud_warnings, c.trust_score, c.trust_status,
           c.located_at, c.last_country, NULL::smallint[] AS buckets, NULL::integer[] AS counts,
           NULL::integer AS version, NULL::bytea AS known, NULL AS type, NULL::text[] AS hits,
           NULL::integer[] AS frauds
    FROM unnest($1::uuid[], $2::text[], $3::text[]) AS asked (tenant_id, customer_id, payment_id)
    CROSS JOIN LATERAL (
        SELECT coalesce((
            SELECT people FROM detector.customers AS own
            WHERE own.tenant_id = asked.tenant_id AND own.customer_id = asked.customer_id LIMIT 1
        ), ARRAY[asked.customer_id]) AS people
    ) AS person
    CROSS JOIN LATERAL (
        SELECT sum(payments)::integer AS payments, min(first_paid_at) AS first_paid_at, max(located_at) AS located_at,
               (array_agg(last_country ORDER BY located_at DESC, last_country DESC)
                FILTER (WHERE last_country IS NOT NULL))[1] AS last_country,
               max(trust_score) FILTER (WHERE customer_id = person.people[1]) AS trust_score,
               -- By PostgreSQL's clock, because the replicas' clocks may differ.
               max(CASE WHEN status_expires_at <= now() THEN 'neutral' ELSE trust_status END)
               FILTER (WHERE customer_id = person.people[1]) AS trust_status
        FROM detector.customers AS c WHERE c.tenant_id = asked.tenant_id AND c.customer_id = ANY(person.people)
    ) AS c
    CROSS JOIN LATERAL (
        -- A refund counts unless the platform made it, or refunds of its whole total failed since; a win, unless the
        -- dispute was lost since.
        SELECT count(*) FILTER (WHERE kind = 'refund' AND NOT EXISTS (
                   SELECT FROM detector.incidents AS own
                   WHERE own.tenant_id = i.tenant_id AND own.kind = 'refund_by_platform' AND own.source_id = i.source_id
               ) AND (
                   amount_minor IS NULL OR amount_minor = 0 OR amount_minor > (
                       SELECT coalesce(sum(failed.amount_minor), 0) FROM detector.incidents AS failed
                       WHERE failed.tenant_id = i.tenant_id AND failed.payment_id = i.payment_id
                         AND failed.kind = 'refund_failed' AND failed.occurred_at >= i.occurred_at
                   ))) AS refunds,
               count(*) FILTER (WHERE kind = 'dispute') AS disputes,
               count(*) FILTER (WHERE kind = 'dispute_won' AND NOT EXISTS (
                   SELECT FROM detector.incidents AS lost
                   WHERE lost.tenant_id = i.tenant_id AND lost.kind = 'dispute_lost' AND lost.source_id = i.source_id
                     AND lost.occurred_at > i.occurred_at
               )) AS disputes_won,
               count(*) FILTER (WHERE kind = 'fraud_warning') AS fraud_warnings
        FROM detector.incidents AS i
        WHERE i.tenant_id = asked.tenant_id AND i.customer_id = ANY(person.people)
          -- Of other payments: whether this one's own dispute comes before its decision is chance.
          AND i.payment_id IS DISTINCT FROM asked.payment_id
    ) AS i
"""

# What no decision is made without.
SELECT_REQUIRED = f"""
    {SELECT_CUSTOMERS}
    UNION ALL
    SELECT 'payment', asked.tenant_id, asked.payment_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
           NULL, NULL, NULL, NULL, p.version, p.known, NULL, NULL, NULL
    FROM unnest($4::uuid[], $5::text[]) AS asked (tenant_id, payment_id)
    CROSS JOIN LATERAL (
        SELECT version, known FROM detector.recent_payments AS p
        WHERE p.tenant_id = asked.tenant_id AND p.payment_id = asked.payment_id LIMIT 1
    ) AS p
    UNION ALL
    {SELECT_HITS}
"""  # noqa: S608

# One statement, because a second one would cost each decision another transaction.
SELECT_ALL = f"""
    {SELECT_REQUIRED}
    UNION ALL
    SELECT 'amounts', asked.tenant_id, asked.subject, asked.currency, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
           NULL, NULL, a.buckets, a.counts, NULL, NULL, NULL, NULL, NULL
    FROM unnest($11::uuid[], $12::text[], $13::text[]) AS asked (tenant_id, subject, currency)
    CROSS JOIN LATERAL (
        SELECT array_agg(bucket) AS buckets, array_agg(payments) AS counts
        FROM (
            SELECT bucket, sum(payments)::integer AS payments FROM detector.amounts AS a
            WHERE a.tenant_id = asked.tenant_id AND a.currency = asked.currency AND a.subject = ANY(coalesce((
                SELECT array(SELECT 'customer:' || member FROM unnest(c.people) AS member)
                FROM detector.customers AS c
                WHERE asked.subject LIKE 'customer:%' AND c.tenant_id = asked.tenant_id
                  AND c.customer_id = substr(asked.subject, 10) AND c.people IS NOT NULL LIMIT 1
            ), ARRAY[asked.subject]))
            GROUP BY bucket
        ) AS summed
    ) AS a
    UNION ALL
    SELECT 'entity', asked.tenant_id, asked.entity::text, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
           NULL, NULL, e.fortnights, e.payments, NULL, NULL, NULL, NULL, e.frauds
    FROM unnest($14::uuid[], $15::bigint[], $16::smallint[]) AS asked (tenant_id, entity, oldest)
    CROSS JOIN LATERAL (
        SELECT array_agg(fortnight) AS fortnights, array_agg(payments) AS payments, array_agg(frauds) AS frauds
        FROM detector.entity_counts AS e
        WHERE e.tenant_id = asked.tenant_id AND e.entity = asked.entity AND e.fortnight > asked.oldest
    ) AS e
"""  # noqa: S608

log = structlog.get_logger(__name__)

PairKey = tuple[UUID, str]
AmountKey = tuple[UUID, str, str]
# The customer's id, and that of the payment which is decided.
CustomerKey = tuple[UUID, str, str]
Columns = Sequence[Sequence[object]]
UNKNOWN = KnownPayment()


class PostgresHistory:
    """HistoryReader over the detector's own tables.

    Customers, payments and lists have no deadline: what is blocked is blocked however slow the database is. Amounts
    have one.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def read(self, payments: Sequence[PaymentFact]) -> list[History]:
        subjects = [subjects_of(payment) for payment in payments]
        list_keys = [list_keys_of(payment) for payment in payments]
        required = [
            *_columns(
                {(each.tenant_id, each.customer_id, each.payment_id) for each in payments if each.customer_id}, 3
            ),
            *_columns({(each.tenant_id, each.payment_id) for each in payments}, 2),
            *list_columns(set(chain.from_iterable(list_keys))),
        ]
        amount_keys = {
            (payment.tenant_id, subject, payment.currency)
            for payment, of_payment in zip(payments, subjects, strict=True)
            for subject in of_payment.values()
        }
        entities = [entities_of(payment) for payment in payments]
        entity_keys = {
            (payment.tenant_id, key, fortnight_of(payment.occurred_at) - REMEMBERED)
            for payment, of_payment in zip(payments, entities, strict=True)
            for key in of_payment.values()
        }
        rows = await self._read_all([*required, *_columns(amount_keys, 3), *_columns(entity_keys, 3)])
        complete = rows is not None
        if rows is None:
            rows = await self._read_required(required)
        customers: dict[CustomerKey, CustomerHistory] = {}
        known: dict[PairKey, KnownPayment] = {}
        amounts: dict[AmountKey, AmountHistory] = {}
        counts: dict[tuple[UUID, int], EntityCounts] = {}
        hits: dict[ListKey, tuple[ListHit, ...]] = {}
        for row in rows:
            tenant_id, subject = row["tenant_id"], row["subject"]
            match row["kind"]:
                case "customer":
                    customers[tenant_id, subject, row["qualifier"]] = _customer(row)
                case "payment":
                    known[tenant_id, subject] = decoded(row["version"], row["known"])
                case "entity":
                    counts[tenant_id, int(subject)] = _counts(row)
                case "listed":
                    kind = EntryType(row["type"])
                    hits[tenant_id, kind, subject] = hits_of(kind, row["hits"])
                case _:
                    amounts[tenant_id, subject, row["qualifier"]] = _amounts(row)
        return [
            History(
                customers[payment.tenant_id, payment.customer_id, payment.payment_id] if payment.customer_id else None,
                {name: amounts[payment.tenant_id, subject, payment.currency] for name, subject in of_payment.items()}
                if complete
                else None,
                known.get((payment.tenant_id, payment.payment_id), UNKNOWN),
                tuple(chain.from_iterable(hits.get(key, ()) for key in keys)) if hits else (),
                {kind: counts[payment.tenant_id, key] for kind, key in named.items()} if complete else None,
            )
            for payment, of_payment, keys, named in zip(payments, subjects, list_keys, entities, strict=True)
        ]

    async def _read_all(self, columns: Columns) -> Sequence[asyncpg.Record] | None:
        """Return None if the read is late or fails: the decision is then made without one detector."""
        try:
            return await within_deadline(asyncio.create_task(self._pool.fetch(SELECT_ALL, *columns)))
        except TRANSIENT_ERRORS as error:
            log.warning("amounts.unread", error=type(error).__name__)
        except Exception:
            log.exception("amounts.unread")
        return None

    async def _read_required(self, columns: Columns) -> Sequence[asyncpg.Record]:
        try:
            rows: Sequence[asyncpg.Record] = await self._pool.fetch(SELECT_REQUIRED, *columns)
        except TRANSIENT_ERRORS as error:
            raise PostgresUnavailable(f"PostgreSQL does not answer ({type(error).__name__})") from error
        return rows


def _columns(keys: Collection[tuple[object, ...]], width: int) -> Sequence[Sequence[object]]:
    """Return the keys as arrays, one for each of the `width` columns."""
    return list(zip(*keys, strict=True)) if keys else [()] * width


def _customer(row: asyncpg.Record) -> CustomerHistory:
    return CustomerHistory(
        payments=row["payments"] or 0,
        first_paid_at=row["first_paid_at"],
        refunds=row["refunds"],
        disputes=row["disputes"],
        disputes_won=row["disputes_won"],
        fraud_warnings=row["fraud_warnings"],
        trust_score=row["trust_score"],
        status=TrustStatus(row["trust_status"] or TrustStatus.NEUTRAL),
        last_location=Location(row["located_at"], row["last_country"]) if row["last_country"] else None,
    )


def _amounts(row: asyncpg.Record) -> AmountHistory:
    return summarise(dict(zip(row["buckets"] or (), row["counts"] or (), strict=True)))


def _counts(row: asyncpg.Record) -> EntityCounts:
    return EntityCounts.of(zip(row["buckets"] or (), row["counts"] or (), row["frauds"] or (), strict=True))
