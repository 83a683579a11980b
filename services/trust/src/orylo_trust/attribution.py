"""Whose is it? All that is told of a payment is its payer's, whomever the message names.

A dispute may name whom the evidence names, or nobody. Before its payment is told it is the named one's, and
moves once the payer is known; or it waits, where it names nobody.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from orylo_common.postgres.pool import Connection
from orylo_trust.domain.ledger import Cause, Entry
from orylo_trust.posting import Posting

# Locks each payment's row until the end of the transaction, in one order for everyone: what is told of one
# payment at the same moment is told one after the other, and the later one sees what the earlier left.
CLAIM_PAYMENTS = """
    INSERT INTO trust.payers AS p (tenant_id, payment_id, customer_id, paid)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::boolean[])
        AS told (tenant_id, payment_id, customer_id, paid)
    ORDER BY tenant_id, payment_id
    ON CONFLICT (tenant_id, payment_id) DO UPDATE
    SET customer_id = CASE WHEN p.paid OR (p.customer_id IS NOT NULL AND NOT EXCLUDED.paid)
                           THEN p.customer_id ELSE EXCLUDED.customer_id END,
        paid = p.paid OR EXCLUDED.paid
    RETURNING tenant_id, payment_id, customer_id, xmax = 0 AS first_told
"""

MOVE_ROWS = """
    UPDATE trust.ledger AS l SET customer_id = told.customer_id
    FROM unnest($1::uuid[], $2::text[], $3::text[]) AS told (tenant_id, payment_id, customer_id)
    JOIN trust.ledger AS was USING (tenant_id, payment_id)
    WHERE was.cause <> 'clean_payment' AND was.customer_id <> told.customer_id
      AND l.tenant_id = was.tenant_id AND l.cause = was.cause AND l.source_id = was.source_id
    RETURNING l.tenant_id, l.payment_id, l.cause, l.source_id, l.points, l.event_id, l.occurred_at,
              was.customer_id AS moved_from
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

Payment = tuple[UUID, str]


@dataclass(frozen=True, slots=True)
class Payer:
    """`first_told`: nothing was told of the payment before this batch."""

    customer_id: str | None
    first_told: bool


@dataclass(frozen=True, slots=True)
class Moved:
    """A ledger row that was another customer's until now."""

    entry: Entry
    event_id: str
    occurred_at: datetime
    moved_from: str


async def attribute(connection: Connection, postings: Sequence[Posting]) -> list[list[Posting]]:
    """What each posting comes to: itself, once its customer is known, and what was told of its payment before."""
    payers = await _claim(connection, postings)
    told_before = {
        payment: payer.customer_id for payment, payer in payers.items() if payer.customer_id and not payer.first_told
    }
    waited = await _take_waiting(connection, told_before) if told_before else {}
    moved = await _move(connection, told_before) if told_before else {}
    nobodys: list[Posting] = []
    attributed: list[list[Posting]] = []
    for posting in postings:
        payer = payers.get(posting.payment)
        customer_id = payer.customer_id if payer else posting.customer_id
        if customer_id is None:
            nobodys.append(posting)
            attributed.append([])
            continue
        own = replace(posting, customer_id=customer_id)
        # Once, where a batch tells of the payment twice.
        here = [_with_row(own, row) for row in moved.pop(posting.payment, ())]
        attributed.append([own, *waited.pop(posting.payment, ()), *here])
    await _keep_waiting(connection, nobodys)
    return attributed


async def _claim(connection: Connection, postings: Sequence[Posting]) -> dict[Payment, Payer]:
    told: dict[Payment, tuple[str | None, bool]] = {}
    for posting in postings:
        known, paid = told.get(posting.payment, (None, False))
        if posting.pays and not paid:
            told[posting.payment] = (posting.customer_id, True)
        elif posting.payment_id:
            told[posting.payment] = (known or posting.customer_id, paid)
    if not told:
        return {}
    claims = [(*payment, *claim) for payment, claim in told.items()]
    rows = await connection.fetch(CLAIM_PAYMENTS, *zip(*claims, strict=True))
    return {(tenant_id, payment_id): Payer(*payer) for tenant_id, payment_id, *payer in rows}


async def _take_waiting(connection: Connection, payers: dict[Payment, str]) -> dict[Payment, list[Posting]]:
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


async def _move(connection: Connection, payers: dict[Payment, str]) -> dict[Payment, list[Moved]]:
    """What had been entered for others than these payments' customers; it is theirs now."""
    moved: defaultdict[Payment, list[Moved]] = defaultdict(list)
    columns = zip(*((*payment, customer_id) for payment, customer_id in payers.items()), strict=True)
    for row in await connection.fetch(MOVE_ROWS, *columns):
        entry = Entry(Cause(row["cause"]), row["source_id"], row["points"])
        moved[row["tenant_id"], row["payment_id"]].append(
            Moved(entry, row["event_id"], row["occurred_at"], row["moved_from"])
        )
    return moved


def _with_row(posting: Posting, row: Moved) -> Posting:
    return replace(
        posting,
        entries=(row.entry,),
        event_id=row.event_id,
        occurred_at=row.occurred_at,
        moved_from=row.moved_from,
    )


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
