"""Report all events of a payment under one id, whichever of its ids each event knows.

The row of a payment is written by the first event that may have to be linked, in the transaction that stores the event.
Events of other payments cost nothing; a refund or a dispute costs a look-up.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any
from uuid import UUID

from orylo_common.postgres.pool import Connection
from orylo_ingest.gateways.port import PaymentLink
from orylo_ingest.webhooks.pairs import Pair, nearest
from orylo_ingest.webhooks.record import Record

# Two events of one payment share a key, so the later one sees the row of the earlier one.
LOCK = "SELECT pg_advisory_xact_lock(key) FROM (SELECT unnest($1::bigint[]) AS key ORDER BY key OFFSET 0) AS sorted"

# By match key only those that lack an id. A charge may be retried for weeks; older payments are found by their ids.
SELECT_LINKED = """
    SELECT * FROM ingest.linked_payments
    WHERE (tenant_id, charge_id) IN (SELECT * FROM unnest($1::uuid[], $2::text[]))
    UNION
    SELECT * FROM ingest.linked_payments
    WHERE (tenant_id, invoice_id) IN (SELECT * FROM unnest($1::uuid[], $3::text[]))
    UNION
    SELECT * FROM ingest.linked_payments
    WHERE (tenant_id, match_key) IN (SELECT * FROM unnest($1::uuid[], $4::text[]))
      AND (charge_id IS NULL OR invoice_id IS NULL)
      AND created_at > now() - interval '60 days'
"""

WRITE_LINKED = """
    INSERT INTO ingest.linked_payments (tenant_id, payment_id, charge_id, invoice_id, match_key, details)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::jsonb[])
    ON CONFLICT (tenant_id, payment_id) DO UPDATE
    SET charge_id = EXCLUDED.charge_id, invoice_id = EXCLUDED.invoice_id, details = EXCLUDED.details
"""


@dataclass(slots=True)
class LinkedPayment:
    """A payment that is known by the id of its charge, of its invoice, or by both. `ids.name` is its payment id."""

    tenant_id: UUID
    match_key: str | None
    ids: Pair
    attempts: list[Pair] = field(default_factory=list)

    def attempt(self, link: PaymentLink) -> tuple[str | None, bool]:
        """Return the name under which the link's declined attempt is reported, and whether that has to be stored."""
        charge, invoice, times = link.charge_attempt, link.invoice_attempt, link.charged_at[-1:]
        if charge is None and invoice is None:
            return None, False
        known = next((pair for pair in self.attempts if pair.is_named(charge, invoice)), None)
        attempt = known or nearest(self.attempts, charge, invoice, times)
        if attempt is None:
            attempt = Pair(charge or invoice or "", None, None, [])
            self.attempts.append(attempt)
        return attempt.name, attempt.add(charge, invoice, times)


class LinkedPayments:
    """The payments that a batch of links may be about, by each of their ids and by match key."""

    def __init__(self, payments: Iterable[LinkedPayment]) -> None:
        self._by_id: dict[tuple[UUID, str | None], LinkedPayment] = {}
        self._alike: dict[tuple[UUID, str | None], list[LinkedPayment]] = {}
        for payment in payments:
            self._add(payment)

    def resolve(self, tenant_id: UUID, link: PaymentLink) -> tuple[LinkedPayment | None, bool]:
        """Return the link's payment, and whether it is new or has changed. None if no other event knows it yet."""
        payment = self._named(tenant_id, link) or self._nearest(tenant_id, link)
        if payment is None:
            if not may_be_linked(link):
                return None, False
            payment = LinkedPayment(tenant_id, link.match_key, Pair(_own_id(link), None, None, []))
            self._alike.setdefault((tenant_id, link.match_key), []).append(payment)
        # An id that another payment has already was reported before the two were known to be one.
        charge, invoice = (
            given if (tenant_id, given) not in self._by_id else None for given in (link.charge_id, link.invoice_id)
        )
        changed = payment.ids.add(charge, invoice, link.charged_at)
        self._add_ids(payment)
        return payment, changed

    def _named(self, tenant_id: UUID, link: PaymentLink) -> LinkedPayment | None:
        return self._by_id.get((tenant_id, link.charge_id)) or self._by_id.get((tenant_id, link.invoice_id))

    def _nearest(self, tenant_id: UUID, link: PaymentLink) -> LinkedPayment | None:
        alike = self._alike.get((tenant_id, link.match_key), []) if link.match_key else []
        found = nearest([each.ids for each in alike], link.charge_id, link.invoice_id, link.charged_at)
        return next((payment for payment in alike if payment.ids is found), None)

    def _add(self, payment: LinkedPayment) -> None:
        self._alike.setdefault((payment.tenant_id, payment.match_key), []).append(payment)
        self._add_ids(payment)

    def _add_ids(self, payment: LinkedPayment) -> None:
        for known in (payment.ids.charge, payment.ids.invoice):
            if known:
                self._by_id[payment.tenant_id, known] = payment


@asynccontextmanager
async def linked(connection: Connection, records: Sequence[Record]) -> AsyncIterator[None]:
    """Change the records to the ids that their payments are reported under. Inside, they must be stored."""
    links = [(record, record.link) for record in records if record.link is not None]
    if not any(may_be_linked(link) for _, link in links):
        if links:
            await _link(connection, links)
        yield
        return
    async with connection.transaction():
        await connection.execute(LOCK, sorted({key for record, link in links for key in _lock_keys(record, link)}))
        await _link(connection, links)
        yield


def may_be_linked(link: PaymentLink) -> bool:
    """Return whether events may follow that know the payment, or the attempt, by its other id."""
    both_ids = link.charge_id is not None and link.invoice_id is not None
    return both_ids or any((link.match_key, link.charge_attempt, link.invoice_attempt))


async def _link(connection: Connection, links: Sequence[tuple[Record, PaymentLink]]) -> None:
    payments = LinkedPayments(await _read(connection, links))
    changed = {}
    for record, link in links:
        payment, is_changed = payments.resolve(record.tenant_id, link)
        if payment is None:
            continue
        attempt, has_new_attempt = payment.attempt(link)
        if is_changed or has_new_attempt:
            changed[payment.tenant_id, payment.ids.name] = payment
        record.report_as(payment.ids.name, attempt)
    if changed:
        await connection.execute(WRITE_LINKED, *zip(*map(_row, changed.values()), strict=True))


async def _read(connection: Connection, links: Sequence[tuple[Record, PaymentLink]]) -> list[LinkedPayment]:
    rows = await connection.fetch(
        SELECT_LINKED,
        [record.tenant_id for record, _ in links],
        [link.charge_id for _, link in links],
        [link.invoice_id for _, link in links],
        [link.match_key for _, link in links],
    )
    return [
        LinkedPayment(
            row["tenant_id"],
            row["match_key"],
            Pair(row["payment_id"], row["charge_id"], row["invoice_id"], row["details"]["charged_at"]),
            [Pair(*attempt) for attempt in row["details"]["attempts"]],
        )
        for row in rows
    ]


def _row(payment: LinkedPayment) -> tuple[Any, ...]:
    ids = payment.ids
    attempts = [(pair.name, pair.charge, pair.invoice, pair.times) for pair in payment.attempts]
    details = {"charged_at": ids.times, "attempts": attempts}
    return payment.tenant_id, ids.name, ids.charge, ids.invoice, payment.match_key, details


def _own_id(link: PaymentLink) -> str:
    return link.charge_id or link.invoice_id or ""


def _lock_keys(record: Record, link: PaymentLink) -> list[int]:
    names = (link.charge_id, link.invoice_id, link.match_key)
    return [
        int.from_bytes(blake2b(f"{record.tenant_id}:{name}".encode(), digest_size=8).digest(), "big", signed=True)
        for name in names
        if name
    ]
