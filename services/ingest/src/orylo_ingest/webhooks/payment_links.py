"""Report all events of a payment under one id, whichever of its ids each event knows.

The row of a payment is written by the first event that may have to be linked, in the transaction that stores the event.
Events of other payments cost nothing; a refund or a dispute costs a look-up.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from hashlib import blake2b
from typing import Any

from orylo_common.postgres.pool import Connection
from orylo_ingest.gateways.port import PaymentLink
from orylo_ingest.webhooks.linked_payments import LinkedPayment, LinkedPayments, may_be_linked
from orylo_ingest.webhooks.pairs import Pair
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


def _lock_keys(record: Record, link: PaymentLink) -> list[int]:
    names = (link.charge_id, link.invoice_id, link.match_key)
    return [
        int.from_bytes(blake2b(f"{record.tenant_id}:{name}".encode(), digest_size=8).digest(), "big", signed=True)
        for name in names
        if name
    ]
