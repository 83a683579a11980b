"""Refunds and disputes of a payment that can be undone: a refund fails, or a dispute is decided again.

The reports are stored with the payment. Whether the refund, or the win of a dispute, counts follows from all reports
together. An entry is posted whenever that changes, so the sum depends neither on the reports' order nor on repetitions.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from orylo_common.control.sections.trust import TrustPolicy
from orylo_common.messages import DisputeLost, DisputeWon, PaymentFact, PaymentRefunded, PaymentRefundFailed
from orylo_trust.domain.ledger import EntryCause, LedgerEntry

# As stored with the payment, in JSON.
Reports = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RefundTotal:
    """All refunds of a payment so far. `points` are those of a refund."""

    at: datetime
    payment_id: str
    total_minor: int
    points: int


@dataclass(frozen=True, slots=True)
class RefundFailure:
    """A refund that failed, after it was part of a total."""

    at: datetime
    payment_id: str
    refund_id: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class DisputeDecision:
    """The outcome of a dispute. `points` are those of a win."""

    at: datetime
    dispute_id: str
    won: bool
    points: int


Reversal = RefundTotal | RefundFailure | DisputeDecision


def reversal_of(fact: PaymentFact, policy: TrustPolicy) -> Reversal | None:
    """Return what a fact reports, or None. A panel's test event reports nothing."""
    if fact.test:
        return None
    match fact:
        case PaymentRefunded():
            return RefundTotal(fact.occurred_at, fact.payment_id, fact.refunded_minor, policy.refund)
        case PaymentRefundFailed():
            return RefundFailure(fact.occurred_at, fact.payment_id, fact.refund_id, fact.amount_minor)
        case DisputeWon() | DisputeLost():
            won = isinstance(fact, DisputeWon)
            return DisputeDecision(fact.occurred_at, fact.dispute_id, won, policy.dispute_won)
        case _:
            return None


def record(reports: Reports, reversal: Reversal) -> tuple[LedgerEntry, ...]:
    """Add a report to those of its payment. Return the entry to post, if it changes what counts."""
    # In one zone and with microseconds, such texts sort by time.
    at = reversal.at.astimezone(UTC).isoformat(timespec="microseconds")
    match reversal:
        case RefundTotal():
            refund = _refund(reports)
            # The newest total counts, not the highest: it no longer includes refunds that failed before.
            refund["total"] = max(refund.get("total", [at, 0]), [at, reversal.total_minor])
            refund.setdefault("points", reversal.points)
            return _post(refund, _is_refunded(refund), EntryCause.REFUND, EntryCause.REFUND_FAILED, reversal.payment_id)
        case RefundFailure():
            refund = _refund(reports)
            refund["failed"].setdefault(reversal.refund_id, [at, reversal.amount_minor])
            return _post(refund, _is_refunded(refund), EntryCause.REFUND, EntryCause.REFUND_FAILED, reversal.payment_id)
        case DisputeDecision():
            dispute = reports.setdefault("disputes", {}).setdefault(reversal.dispute_id, {"points": reversal.points})
            # Of two decisions at once, the win: money is only reinstated after it was withdrawn.
            dispute["decision"] = max(dispute.get("decision", [at, False]), [at, reversal.won])
            _, is_won = dispute["decision"]
            return _post(dispute, is_won, EntryCause.DISPUTE_WON, EntryCause.DISPUTE_LOST, reversal.dispute_id)


def _refund(reports: Reports) -> Reports:
    refund: Reports = reports.setdefault("refund", {"failed": {}})
    return refund


def _is_refunded(refund: Reports) -> bool:
    """Return whether the payer has any money back: of the newest total, what has not failed since."""
    if "total" not in refund:
        return False
    refunded_at, total = refund["total"]
    failed = sum(amount for at, amount in refund["failed"].values() if at >= refunded_at)
    return bool(total == 0 or total > failed)


def _post(
    reported: Reports, counts: bool, cause: EntryCause, undone: EntryCause, source_id: str
) -> tuple[LedgerEntry, ...]:
    """Return an entry if the last one posted does not say what counts now. `posted` is the number of entries so far."""
    posted = reported.get("posted", 0)
    if counts == bool(posted % 2):
        return ()
    reported["posted"] = posted + 1
    # The first pair has the plain id, as every entry had before an event could be undone twice.
    name = source_id if posted < 2 else f"{source_id}/{posted // 2 + 1}"
    if counts:
        return (LedgerEntry(cause, name, reported["points"]),)
    return (LedgerEntry(undone, name, -reported["points"]),)
