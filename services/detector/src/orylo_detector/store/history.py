"""Reads the history of many payments at once."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import asyncpg
import structlog

from orylo_common.messages import PaymentFact, TrustStatus
from orylo_common.postgres.errors import TRANSIENT_ERRORS, PostgresUnavailable
from orylo_detector.deadline import within_deadline
from orylo_detector.domain.amounts import AmountHistory, summarise
from orylo_detector.domain.features import CustomerHistory, subjects_of
from orylo_detector.ports import History

# LATERAL looks up one key at a time, here and below: it uses the index whatever the planner's estimates are.
SELECT_CUSTOMERS = """
    SELECT asked.tenant_id, asked.customer_id, c.payments, c.first_paid_at, i.refunds, i.disputes, i.disputes_won,
           i.fraud_warnings, c.trust_score, c.trust_status
    FROM unnest($1::uuid[], $2::text[]) AS asked (tenant_id, customer_id)
    LEFT JOIN LATERAL (
        SELECT * FROM detector.customers AS c
        WHERE c.tenant_id = asked.tenant_id AND c.customer_id = asked.customer_id LIMIT 1
    ) AS c ON true
    CROSS JOIN LATERAL (
        -- A refund counts unless refunds of its whole total failed since; a win, unless the dispute was lost since.
        SELECT count(*) FILTER (WHERE kind = 'refund' AND (
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
        WHERE i.tenant_id = asked.tenant_id AND i.customer_id = asked.customer_id
    ) AS i
"""

SELECT_AMOUNTS = """
    SELECT asked.tenant_id, asked.subject, asked.currency, a.buckets, a.payments
    FROM unnest($1::uuid[], $2::text[], $3::text[]) AS asked (tenant_id, subject, currency)
    CROSS JOIN LATERAL (
        SELECT array_agg(bucket) AS buckets, array_agg(payments) AS payments
        FROM detector.amounts AS a
        WHERE a.tenant_id = asked.tenant_id AND a.subject = asked.subject AND a.currency = asked.currency
    ) AS a
"""

log = structlog.get_logger(__name__)

CustomerKey = tuple[UUID, str]
AmountKey = tuple[UUID, str, str]


class PostgresHistory:
    """HistoryReader over the detector's own tables.

    Customers have no deadline, because they hold the lists: a blocked customer is blocked however slow the database
    is. Amounts have one.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def read(self, payments: Sequence[PaymentFact]) -> list[History]:
        subjects = [subjects_of(payment) for payment in payments]
        customer_keys = {(each.tenant_id, each.customer_id) for each in payments if each.customer_id}
        amount_keys = {
            (payment.tenant_id, subject, payment.currency)
            for payment, of_payment in zip(payments, subjects, strict=True)
            for subject in of_payment.values()
        }
        reading = asyncio.create_task(self._read_amounts(amount_keys))
        try:
            customers = await self._read_customers(customer_keys)
            amounts = await _unless_late(reading)
        except TRANSIENT_ERRORS as error:
            raise PostgresUnavailable(f"PostgreSQL does not answer ({type(error).__name__})") from error
        finally:
            reading.cancel()
        return [
            History(
                customers[payment.tenant_id, payment.customer_id] if payment.customer_id else None,
                None
                if amounts is None
                else {
                    name: amounts[payment.tenant_id, subject, payment.currency] for name, subject in of_payment.items()
                },
            )
            for payment, of_payment in zip(payments, subjects, strict=True)
        ]

    async def _read_customers(self, keys: set[CustomerKey]) -> dict[CustomerKey, CustomerHistory]:
        if not keys:
            return {}
        rows = await self._pool.fetch(SELECT_CUSTOMERS, *zip(*keys, strict=True))
        return {
            (row["tenant_id"], row["customer_id"]): CustomerHistory(
                payments=row["payments"] or 0,
                first_paid_at=row["first_paid_at"],
                refunds=row["refunds"],
                disputes=row["disputes"],
                disputes_won=row["disputes_won"],
                fraud_warnings=row["fraud_warnings"],
                trust_score=row["trust_score"],
                status=TrustStatus(row["trust_status"] or TrustStatus.NEUTRAL),
            )
            for row in rows
        }

    async def _read_amounts(self, keys: set[AmountKey]) -> dict[AmountKey, AmountHistory]:
        rows = await self._pool.fetch(SELECT_AMOUNTS, *zip(*keys, strict=True))
        return {
            (tenant_id, subject, currency): summarise(dict(zip(buckets or (), payments or (), strict=True)))
            for tenant_id, subject, currency, buckets, payments in rows
        }


async def _unless_late(reading: asyncio.Task[dict[AmountKey, AmountHistory]]) -> dict[AmountKey, AmountHistory] | None:
    """Return None if the read is late or fails: the decision is then made without one detector."""
    try:
        return await within_deadline(reading)
    except TRANSIENT_ERRORS as error:
        log.warning("amounts.unread", error=type(error).__name__)
    except Exception:
        log.exception("amounts.unread")
    return None
