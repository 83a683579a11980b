"""Attributes postings to customers: everything about a payment belongs to its payer.

A dispute may name the customer of its evidence, or none. Until its payment is reported, it belongs to the customer it
names and moves to the payer later. If it names none, it waits for the payment, and a sale without a customer waits for
a later event that names one. The payer is the customer that the sale
names, else the one that a later event of the sale names, else the one that an incident names; of several, the smallest
id, because the order of messages must not decide.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import asyncpg

from orylo_common.postgres.pool import Connection
from orylo_trust.dependent_entries import Payer, with_dependent_entries
from orylo_trust.domain.ledger import EntryCause, LedgerEntry
from orylo_trust.domain.people import AliasKind
from orylo_trust.posting import Link, PaymentKey, Posting

# Locks each payment's row until the end of the transaction, always in the same order: concurrent reports of a payment
# are processed one after the other, and the later one sees the result of the earlier one.
CLAIM_PAYMENTS = """
    INSERT INTO trust.payers AS p (tenant_id, payment_id, customer_id, paid, enriched)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::boolean[], $5::boolean[])
        AS reported (tenant_id, payment_id, customer_id, paid, enriched)
    ORDER BY tenant_id, payment_id
    ON CONFLICT (tenant_id, payment_id) DO UPDATE
    SET customer_id = CASE WHEN p.customer_id IS NULL OR (EXCLUDED.paid, EXCLUDED.enriched) > (p.paid, p.enriched)
                           THEN coalesce(EXCLUDED.customer_id, p.customer_id)
                           WHEN p.paid OR (p.enriched AND NOT EXCLUDED.enriched) THEN p.customer_id
                           ELSE least(p.customer_id, EXCLUDED.customer_id) END,
        paid = p.paid OR EXCLUDED.paid,
        enriched = p.enriched OR EXCLUDED.enriched
    RETURNING tenant_id, payment_id, customer_id, xmax = 0 AS is_new, blocked, reports, paid
"""

# A sale without a customer has an entry that moves, too. Each half of the union uses an index of its own. Entries
# of an erased person stay.
MOVE_ROWS = """
    UPDATE trust.ledger AS l SET customer_id = reported.customer_id
    FROM unnest($1::uuid[], $2::text[], $3::text[]) AS reported (tenant_id, payment_id, customer_id)
    CROSS JOIN LATERAL (
        SELECT cause, source_id, customer_id FROM trust.ledger AS dependent
        WHERE dependent.tenant_id = reported.tenant_id AND dependent.payment_id = reported.payment_id
          AND dependent.cause <> 'clean_payment'
        UNION ALL
        SELECT cause, source_id, customer_id FROM trust.ledger AS sale
        WHERE sale.tenant_id = reported.tenant_id AND sale.cause = 'clean_payment'
          AND sale.source_id = reported.payment_id
    ) AS was
    WHERE was.customer_id NOT IN (reported.customer_id, 'erased')
      AND l.tenant_id = reported.tenant_id AND l.cause = was.cause AND l.source_id = was.source_id
    RETURNING l.tenant_id, l.payment_id, l.cause, l.source_id, l.points, l.month, l.monthly_cap, l.event_id,
              l.occurred_at, was.customer_id AS moved_from
"""

ADD_WAITING = """
    INSERT INTO trust.waiting (tenant_id, payment_id, cause, source_id, points, month, monthly_cap, start, event_id,
                               message_id, correlation_id, occurred_at)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::smallint[], $6::date[], $7::smallint[],
                         $8::smallint[], $9::text[], $10::uuid[], $11::uuid[], $12::timestamptz[])
        AS reported (tenant_id, payment_id, cause, source_id, points, month, monthly_cap, start, event_id, message_id,
                     correlation_id, occurred_at)
    ORDER BY tenant_id, cause, source_id
    ON CONFLICT (tenant_id, cause, source_id) DO NOTHING
"""

TAKE_WAITING = """
    DELETE FROM trust.waiting AS w
    USING unnest($1::uuid[], $2::text[]) AS reported (tenant_id, payment_id)
    WHERE w.tenant_id = reported.tenant_id AND w.payment_id = reported.payment_id
    RETURNING w.tenant_id, w.payment_id, w.cause, w.source_id, w.points, w.month, w.monthly_cap, w.start, w.event_id,
              w.message_id, w.correlation_id, w.occurred_at
"""


@dataclass(frozen=True, slots=True)
class MovedEntry:
    """A ledger entry that has just moved from another customer."""

    entry: LedgerEntry
    event_id: str
    occurred_at: datetime
    moved_from: str


async def attribute(connection: Connection, postings: Sequence[Posting]) -> list[list[Posting]]:
    """Return for each posting the postings to write.

    That is the posting itself, if its customer is known, with what waited for its payment and what moves to its payer.
    """
    payers = await _claim(connection, postings)
    sales = [posting.names_payer for posting in postings]
    postings = await with_dependent_entries(connection, postings, payers)
    known_before = {
        payment: payer.customer_id for payment, payer in payers.items() if payer.customer_id and not payer.is_new
    }
    waited = await _take_waiting(connection, known_before) if known_before else {}
    moved = await _move(connection, known_before) if known_before else {}
    unattributed: list[Posting] = []
    attributed: list[list[Posting]] = []
    for posting, is_sale in zip(postings, sales, strict=True):
        payer = payers.get(posting.payment_key)
        customer_id = payer.customer_id if payer else posting.customer_id
        if customer_id is None:
            unattributed.append(posting)
            attributed.append([])
            continue
        links = _payment_links(payer, posting, is_sale=is_sale)
        own = replace(posting, customer_id=customer_id, links=(*posting.links, *links))
        # Popped: a batch may hold two postings of the payment.
        here = [_with_entry(own, row) for row in moved.pop(posting.payment_key, ())]
        attributed.append([own, *waited.pop(posting.payment_key, ()), *here])
    await _keep_waiting(connection, unattributed)
    return attributed


async def _claim(connection: Connection, postings: Sequence[Posting]) -> dict[PaymentKey, Payer]:
    claims: dict[PaymentKey, tuple[str | None, bool, bool]] = {}
    for posting in postings:
        if not posting.payment_id:
            continue
        claim = (posting.customer_id, posting.names_payer, posting.enriched_customer_id is not None)
        known = claims.get(posting.payment_key)
        claims[posting.payment_key] = claim if known is None else _stronger(known, claim)
    if not claims:
        return {}
    columns = zip(*((*payment, *claim) for payment, claim in claims.items()), strict=True)
    rows = await connection.fetch(CLAIM_PAYMENTS, *columns)
    return {(tenant_id, payment_id): Payer(*payer) for tenant_id, payment_id, *payer in rows}


def _stronger(
    one: tuple[str | None, bool, bool], other: tuple[str | None, bool, bool]
) -> tuple[str | None, bool, bool]:
    """Combine two claims of one payment, as CLAIM_PAYMENTS does: the customer of the sale, of a later event, or any."""
    rank_of_one, rank_of_other = one[1:], other[1:]
    if rank_of_one == rank_of_other and not one[1]:
        customer_id = min((each[0] for each in (one, other) if each[0] is not None), default=None)
    else:
        first, second = (one, other) if rank_of_one >= rank_of_other else (other, one)
        customer_id = first[0] or second[0]
    return customer_id, one[1] or other[1], one[2] or other[2]


def _payment_links(payer: Payer | None, posting: Posting, *, is_sale: bool) -> tuple[Link, ...]:
    """Link the customers that the sale and its later events name, if they differ. An incident may name anyone.

    The first message about the payment may have been a later event: the sale's customer is then linked, too.
    """
    customers = {posting.enriched_customer_id} - {None}
    if payer is None or not (customers or (is_sale and not payer.is_new)):
        return ()
    if payer.paid:
        customers.add(payer.customer_id)
    if customers == {payer.customer_id} and payer.paid and not is_sale:
        return ()
    return (Link(posting.payment_id, AliasKind.PAYMENT, tuple(sorted(each for each in customers if each))),)


async def _take_waiting(connection: Connection, payers: dict[PaymentKey, str]) -> dict[PaymentKey, list[Posting]]:
    """Return and delete the postings that waited for these payments, attributed to their customers."""
    waited: defaultdict[PaymentKey, list[Posting]] = defaultdict(list)
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
                entries=(_entry_of(row),),
                payment_id=row["payment_id"],
                event_id=row["event_id"],
            )
        )
    return waited


async def _move(connection: Connection, payers: dict[PaymentKey, str]) -> dict[PaymentKey, list[MovedEntry]]:
    """Move these payments' entries from other customers to the payments' customers. Return the moved entries."""
    moved: defaultdict[PaymentKey, list[MovedEntry]] = defaultdict(list)
    columns = zip(*((*payment, customer_id) for payment, customer_id in payers.items()), strict=True)
    for row in await connection.fetch(MOVE_ROWS, *columns):
        moved[row["tenant_id"], row["payment_id"]].append(
            MovedEntry(_entry_of(row), row["event_id"], row["occurred_at"], row["moved_from"])
        )
    return moved


def _entry_of(row: asyncpg.Record) -> LedgerEntry:
    return LedgerEntry(EntryCause(row["cause"]), row["source_id"], row["points"], row["month"], row["monthly_cap"])


def _with_entry(posting: Posting, moved: MovedEntry) -> Posting:
    return replace(
        posting,
        entries=(moved.entry,),
        event_id=moved.event_id,
        occurred_at=moved.occurred_at,
        moved_from=moved.moved_from,
    )


async def _keep_waiting(connection: Connection, unattributed: Sequence[Posting]) -> None:
    rows = [
        (
            posting.tenant_id,
            posting.payment_id,
            entry.cause.value,
            entry.source_id,
            entry.points,
            entry.month,
            entry.monthly_cap,
            posting.start,
            posting.event_id,
            posting.message_id,
            posting.correlation_id,
            posting.occurred_at,
        )
        for posting in unattributed
        for entry in posting.entries
    ]
    if rows:
        await connection.execute(ADD_WAITING, *zip(*rows, strict=True))
