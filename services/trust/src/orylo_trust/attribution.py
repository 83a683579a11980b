"""Whose is it? Some gateways tell of a dispute or a refund and name the payment only.

Its customer is the one who paid. Where the payment has not been told yet, what is told of it waits.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from orylo_common.postgres.pool import Connection
from orylo_trust.domain.ledger import Cause, Entry
from orylo_trust.posting import Posting

SELECT_PAYERS = """
    SELECT asked.tenant_id, asked.payment_id, payer.customer_id
    FROM unnest($1::uuid[], $2::text[]) AS asked (tenant_id, payment_id)
    CROSS JOIN LATERAL (
        SELECT l.customer_id FROM trust.ledger AS l
        WHERE l.tenant_id = asked.tenant_id AND l.source_id = asked.payment_id AND l.cause = 'clean_payment'
        ORDER BY l.recorded_at LIMIT 1
    ) AS payer
"""

ADD_WAITING = """
    INSERT INTO trust.waiting (tenant_id, payment_id, cause, source_id, points, start, event_id, message_id,
                               correlation_id, occurred_at)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::smallint[], $6::smallint[], $7::text[],
                         $8::uuid[], $9::uuid[], $10::timestamptz[])
        AS told (tenant_id, payment_id, cause, source_id, points, start, event_id, message_id, correlation_id,
                 occurred_at)
    ORDER BY tenant_id, cause, source_id
    ON CONFLICT (tenant_id, cause, source_id) DO NOTHING
"""

TAKE_WAITING = """
    DELETE FROM trust.waiting AS w
    USING unnest($1::uuid[], $2::text[]) AS told (tenant_id, payment_id)
    WHERE w.tenant_id = told.tenant_id AND w.payment_id = told.payment_id
    RETURNING w.tenant_id, w.payment_id, w.cause, w.source_id, w.points, w.start, w.event_id, w.message_id,
              w.correlation_id, w.occurred_at
"""

# A payment and what is told of it, committed by two replicas at the same moment, do not see each other.
SELECT_MISSED = """
    SELECT w.tenant_id, w.payment_id, min(l.customer_id) AS customer_id
    FROM trust.waiting AS w
    JOIN trust.ledger AS l ON l.tenant_id = w.tenant_id AND l.source_id = w.payment_id AND l.cause = 'clean_payment'
    GROUP BY w.tenant_id, w.payment_id
    LIMIT 500
"""

Payment = tuple[UUID, str]


async def attribute(connection: Connection, postings: Sequence[Posting]) -> list[list[Posting]]:
    """What each posting comes to: itself, once its customer is known, and with a payment what has waited for it."""
    nobodys = [posting for posting in postings if posting.customer_id is None]
    payers = await _payers(connection, nobodys) if nobodys else {}
    await _keep_waiting(connection, [posting for posting in nobodys if posting.payment not in payers])
    paid = {posting.payment: posting.customer_id for posting in postings if posting.pays and posting.customer_id}
    waited = await take_waiting(connection, paid) if paid else {}
    attributed = []
    for posting in postings:
        customer_id = posting.customer_id or payers.get(posting.payment)
        known = [replace(posting, customer_id=customer_id)] if customer_id else []
        # Once, where a batch tells of the payment twice.
        attributed.append(known + (waited.pop(posting.payment, []) if posting.pays else []))
    return attributed


async def take_waiting(connection: Connection, payers: dict[Payment, str]) -> dict[Payment, list[Posting]]:
    """What has waited for these payments, as their customers'; it waits no longer."""
    waited: defaultdict[Payment, list[Posting]] = defaultdict(list)
    for row in await connection.fetch(TAKE_WAITING, *zip(*payers, strict=True)):
        payment = row["tenant_id"], row["payment_id"]
        waited[payment].append(
            Posting(
                tenant_id=row["tenant_id"],
                customer_id=payers[payment],
                start=row["start"],
                message_id=row["message_id"],
                correlation_id=row["correlation_id"],
                occurred_at=row["occurred_at"],
                entries=(Entry(Cause(row["cause"]), row["source_id"], row["points"]),),
                payment_id=row["payment_id"],
                event_id=row["event_id"],
            )
        )
    return waited


async def missed(connection: Connection) -> dict[Payment, str]:
    """Payments for which something waits although their customer is known."""
    return {(row["tenant_id"], row["payment_id"]): row["customer_id"] for row in await connection.fetch(SELECT_MISSED)}


async def _payers(connection: Connection, nobodys: Sequence[Posting]) -> dict[Payment, str]:
    payments = {posting.payment for posting in nobodys}
    rows = await connection.fetch(SELECT_PAYERS, *zip(*payments, strict=True))
    return {(row["tenant_id"], row["payment_id"]): row["customer_id"] for row in rows}


async def _keep_waiting(connection: Connection, nobodys: Sequence[Posting]) -> None:
    rows = [
        (
            posting.tenant_id,
            posting.payment_id,
            entry.cause.value,
            entry.source_id,
            entry.points,
            posting.start,
            posting.event_id,
            posting.message_id,
            posting.correlation_id,
            posting.occurred_at,
        )
        for posting in nobodys
        for entry in posting.entries
    ]
    if rows:
        await connection.execute(ADD_WAITING, *zip(*rows, strict=True))
