"""The entries that depend on earlier reports about a payment: refunds, decided disputes, and blocks.

Its row in trust.payers is locked meanwhile, so the reports of concurrent batches are complete.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from orylo_common.postgres.pool import Connection
from orylo_trust.domain.blocks import record_block, withhold
from orylo_trust.domain.ledger import EntryCause, LedgerEntry
from orylo_trust.domain.reversals import Reports, record
from orylo_trust.posting import PaymentKey, Posting

KEEP_REPORTS = """
    UPDATE trust.payers AS p SET blocked = reported.blocked, reports = reported.reports
    FROM unnest($1::uuid[], $2::text[], $3::boolean[], $4::jsonb[])
        AS reported (tenant_id, payment_id, blocked, reports)
    WHERE p.tenant_id = reported.tenant_id AND p.payment_id = reported.payment_id
"""

# In the ledger, or waiting for the customer of the sale. LATERAL looks up one key at a time: it uses the index whatever
# the planner's estimates are.
SELECT_CLEAN = """
    SELECT decided.tenant_id, decided.payment_id, clean.points, clean.month, clean.monthly_cap
    FROM unnest($1::uuid[], $2::text[]) AS decided (tenant_id, payment_id)
    CROSS JOIN LATERAL (
        SELECT points, month, monthly_cap FROM trust.ledger AS l
        WHERE l.tenant_id = decided.tenant_id AND l.cause = 'clean_payment' AND l.source_id = decided.payment_id
        UNION ALL
        SELECT points, month, monthly_cap FROM trust.waiting AS w
        WHERE w.tenant_id = decided.tenant_id AND w.cause = 'clean_payment' AND w.source_id = decided.payment_id
        LIMIT 1
    ) AS clean
"""


@dataclass(slots=True)
class Payer:
    """The customer that a payment belongs to, and the stored reports about the payment.

    `is_new` if this batch is the first to report the payment. `paid` if the sale itself named its customer.
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
    decided = {each.payment_key for each in postings if each.block}
    clean = await _clean_entries(connection, decided) if decided else {}
    changed = set(decided)
    # Blocks first: a payment of the same batch then knows of them.
    of_blocks = {
        index: _block_entries(posting, payers[posting.payment_key], clean)
        for index, posting in enumerate(postings)
        if posting.block
    }
    complete = []
    for index, posting in enumerate(postings):
        payer = payers.get(posting.payment_key)
        entries = posting.entries + of_blocks.get(index, ())
        if payer is not None and payer.blocked and posting.is_payment:
            payer.reports = payer.reports or {}
            if any(withhold(payer.reports, each) for each in entries if each.cause is EntryCause.CLEAN_PAYMENT):
                entries = tuple(each for each in entries if each.cause is not EntryCause.CLEAN_PAYMENT)
            changed.add(posting.payment_key)
        if payer is not None and posting.reversal is not None:
            payer.reports = payer.reports or {}
            entries += record(payer.reports, posting.reversal)
            changed.add(posting.payment_key)
        complete.append(replace(posting, entries=entries))
    if changed:
        rows = ((*payment, payers[payment].blocked, payers[payment].reports) for payment in sorted(changed))
        await connection.execute(KEEP_REPORTS, *zip(*rows, strict=True))
    return complete


def _block_entries(posting: Posting, payer: Payer, clean: Mapping[PaymentKey, LedgerEntry]) -> tuple[LedgerEntry, ...]:
    if posting.block is None:
        return ()
    payer.reports = payer.reports or {}
    payer.blocked, entries = record_block(
        payer.reports,
        posting.payment_id,
        version=posting.block.version,
        in_effect=posting.block.in_effect,
        was_blocked=payer.blocked,
        clean=clean.get(posting.payment_key),
    )
    return entries


async def _clean_entries(connection: Connection, payments: set[PaymentKey]) -> dict[PaymentKey, LedgerEntry]:
    """Return the clean entries of these payments that are in the ledger, or wait for a customer."""
    rows = await connection.fetch(SELECT_CLEAN, *zip(*payments, strict=True))
    return {
        (tenant_id, payment_id): LedgerEntry(EntryCause.CLEAN_PAYMENT, payment_id, points, month, cap)
        for tenant_id, payment_id, points, month, cap in rows
    }
