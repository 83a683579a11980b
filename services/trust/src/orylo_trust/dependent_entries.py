"""The entries that depend on earlier reports about a payment: refunds, decided disputes, and blocks.

Its row in trust.payers is locked meanwhile, so the reports of concurrent batches are complete.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from orylo_common.postgres.pool import Connection
from orylo_trust.domain.ledger import EntryCause, LedgerEntry
from orylo_trust.domain.reversals import Reports, record
from orylo_trust.posting import PaymentKey, Posting

KEEP_REPORTS = """
    UPDATE trust.payers AS p SET blocked = reported.blocked, reports = reported.reports
    FROM unnest($1::uuid[], $2::text[], $3::boolean[], $4::jsonb[])
        AS reported (tenant_id, payment_id, blocked, reports)
    WHERE p.tenant_id = reported.tenant_id AND p.payment_id = reported.payment_id
"""

# LATERAL looks up one key at a time: it uses the index whatever the planner's estimates are.
SELECT_CLEAN = """
    SELECT blocked.tenant_id, blocked.payment_id, l.points, l.month, l.monthly_cap
    FROM unnest($1::uuid[], $2::text[]) AS blocked (tenant_id, payment_id)
    CROSS JOIN LATERAL (
        SELECT points, month, monthly_cap FROM trust.ledger AS l
        WHERE l.tenant_id = blocked.tenant_id AND l.cause = 'clean_payment' AND l.source_id = blocked.payment_id LIMIT 1
    ) AS l
"""


@dataclass(slots=True)
class Payer:
    """The customer that a payment belongs to, and the stored reports about the payment.

    `is_new` if this batch is the first to report the payment. `paid` if the sale itself was reported.
    """

    customer_id: str | None
    is_new: bool
    blocked: bool
    reports: Reports | None
    paid: bool


async def with_dependent_entries(
    connection: Connection, postings: Sequence[Posting], payers: Mapping[PaymentKey, Payer]
) -> list[Posting]:
    """Return the postings with the entries that depend on the stored reports about their payments."""
    blocked = {each.payment_key for each in postings if each.blocks and not payers[each.payment_key].blocked}
    points_back = await _points_of_blocked(connection, blocked) if blocked else {}
    for payment in blocked:
        payers[payment].blocked = True
    changed = set(blocked)
    complete = []
    for posting in postings:
        payer = payers.get(posting.payment_key)
        entries = posting.entries
        if payer is not None and payer.blocked and posting.is_payment:
            entries = ()
        if posting.blocks:
            # Popped: a repetition in the same batch takes no points again.
            entries += points_back.pop(posting.payment_key, ())
        if payer is not None and posting.reversal is not None:
            payer.reports = payer.reports or {}
            entries += record(payer.reports, posting.reversal)
            changed.add(posting.payment_key)
        complete.append(posting if entries is posting.entries else replace(posting, entries=entries))
    if changed:
        rows = ((*payment, payers[payment].blocked, payers[payment].reports) for payment in sorted(changed))
        await connection.execute(KEEP_REPORTS, *zip(*rows, strict=True))
    return complete


async def _points_of_blocked(
    connection: Connection, blocked: set[PaymentKey]
) -> dict[PaymentKey, tuple[LedgerEntry, ...]]:
    """Return for each payment the entry that takes back its points, if it has any."""
    rows = await connection.fetch(SELECT_CLEAN, *zip(*blocked, strict=True))
    return {
        (tenant_id, payment_id): (LedgerEntry(EntryCause.PAYMENT_BLOCKED, payment_id, -points, month, cap),)
        for tenant_id, payment_id, points, month, cap in rows
    }
