"""Refunds, disputes and verdicts of a payment, whose points change: a refund fails, or a dispute is decided again.

The reports are stored with the payment. The points follow from all reports together. An entry is posted whenever they
change, so the sum depends neither on the reports' order nor on repetitions.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from orylo_common.control.sections.trust import TrustPolicy
from orylo_common.messages import (
    DisputeLost,
    DisputeWon,
    PaymentFact,
    PaymentRefunded,
    PaymentRefundFailed,
    PaymentVerdict,
    VerdictGiven,
)
from orylo_trust.domain.ledger import EntryCause, LedgerEntry

# As stored with the payment, in JSON.
Reports = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RefundTotal:
    """All refunds of a payment so far. `points` are those of a refund of `whole_minor`."""

    at: datetime
    payment_id: str
    total_minor: int
    whole_minor: int
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


@dataclass(frozen=True, slots=True)
class JudgedPayment:
    """A verdict on a payment, and its points."""

    at: datetime
    payment_id: str
    verdict: PaymentVerdict
    points: int


@dataclass(frozen=True, slots=True)
class ExcusedRefund:
    """The platform refunded the payment because it was blocked. Its refunds cost the customer nothing."""

    at: datetime
    payment_id: str


Reversal = RefundTotal | RefundFailure | DisputeDecision | JudgedPayment | ExcusedRefund


def reversal_of(fact: PaymentFact, policy: TrustPolicy) -> Reversal | None:
    """Return what a fact reports, or None. A panel's test event reports nothing."""
    if fact.test:
        return None
    match fact:
        case PaymentRefunded():
            # A full refund may be less than the price, where fees are kept.
            whole = fact.refunded_minor if fact.full else fact.amount_minor
            return RefundTotal(fact.occurred_at, fact.payment_id, fact.refunded_minor, whole, policy.refund)
        case PaymentRefundFailed():
            return RefundFailure(fact.occurred_at, fact.payment_id, fact.refund_id, fact.amount_minor)
        case DisputeWon() | DisputeLost():
            won = isinstance(fact, DisputeWon)
            return DisputeDecision(fact.occurred_at, fact.dispute_id, won, policy.dispute_won)
        case _:
            return None


def judgement_of(given: VerdictGiven, policy: TrustPolicy) -> JudgedPayment:
    points = {
        PaymentVerdict.FRAUD: policy.verdict_fraud,
        PaymentVerdict.LEGITIMATE: policy.verdict_legitimate,
        PaymentVerdict.WITHDRAWN: 0,
    }
    return JudgedPayment(given.occurred_at, given.payment_id, given.verdict, points[given.verdict])


def record(reports: Reports, reversal: Reversal) -> tuple[LedgerEntry, ...]:
    """Add a report to those of its payment. Return the entry to post, if it changes the points."""
    # In one zone and with microseconds, such texts sort by time.
    at = reversal.at.astimezone(UTC).isoformat(timespec="microseconds")
    match reversal:
        case RefundTotal():
            refund = _refund(reports)
            # The newest total counts, not the highest: it no longer includes refunds that failed before.
            refund["total"] = max(refund.get("total", [at, 0]), [at, reversal.total_minor, reversal.whole_minor])
            refund.setdefault("points", reversal.points)
            return _post_refund(refund, reversal.payment_id)
        case RefundFailure():
            refund = _refund(reports)
            refund["failed"].setdefault(reversal.refund_id, [at, reversal.amount_minor])
            return _post_refund(refund, reversal.payment_id)
        case ExcusedRefund():
            refund = _refund(reports)
            refund["excused"] = True
            return _post_refund(refund, reversal.payment_id)
        case DisputeDecision():
            dispute = reports.setdefault("disputes", {}).setdefault(reversal.dispute_id, {"points": reversal.points})
            # Of two decisions at once, the win: money is only reinstated after it was withdrawn.
            dispute["decision"] = max(dispute.get("decision", [at, False]), [at, reversal.won])
            _, is_won = dispute["decision"]
            points, cause = (dispute["points"], EntryCause.DISPUTE_WON) if is_won else (0, EntryCause.DISPUTE_LOST)
            return _post(dispute, points, cause, reversal.dispute_id)
        case JudgedPayment():
            judged = reports.setdefault("verdict", {})
            given = [at, reversal.verdict.value, reversal.points]
            judged["newest"] = max(judged.get("newest", given), given)
            _, verdict, points = judged["newest"]
            return _post(judged, points, _CAUSE_OF_VERDICT[verdict], reversal.payment_id)


_CAUSE_OF_VERDICT = {
    PaymentVerdict.FRAUD.value: EntryCause.VERDICT_FRAUD,
    PaymentVerdict.LEGITIMATE.value: EntryCause.VERDICT_LEGITIMATE,
    PaymentVerdict.WITHDRAWN.value: EntryCause.VERDICT_WITHDRAWN,
}


def _refund(reports: Reports) -> Reports:
    refund: Reports = reports.setdefault("refund", {"failed": {}})
    return refund


def _post_refund(refund: Reports, payment_id: str) -> tuple[LedgerEntry, ...]:
    points, excused = _points_of(refund), refund.get("excused", False)
    grew = abs(points) > abs(_posted_points(refund))
    cause = EntryCause.REFUND if grew or excused else EntryCause.REFUND_FAILED
    return _post(refund, points, cause, payment_id)


def _points_of(refund: Reports) -> int:
    """Return the refund's points in proportion to the money that the payer has back.

    That is the newest total without what has failed since.
    """
    if "total" not in refund or refund.get("excused"):
        return 0
    points = int(refund["points"])
    # Reports of earlier versions lack the whole amount, and a gateway may name no total: then it is a full refund.
    refunded_at, total, *whole = refund["total"]
    returned = total - sum(amount for at, amount in refund["failed"].values() if at >= refunded_at)
    if total == 0 or (returned > 0 and returned >= (*whole, 0)[0]):
        return points
    if returned <= 0:
        return 0
    # Rounded half up, without floating point.
    share: int = (2 * abs(points) * returned + whole[0]) // (2 * whole[0])
    return -share if points < 0 else share


def _posted_points(reported: Reports) -> int:
    """Return the sum of the entries so far. Those of earlier versions alternated between the points and none."""
    if "sum" not in reported and reported.get("posted", 0) % 2:
        return int(reported["points"])
    return int(reported.get("sum", 0))


def _post(reported: Reports, points: int, cause: EntryCause, source_id: str) -> tuple[LedgerEntry, ...]:
    """Return an entry if the entries so far do not add up to `points`. `posted` is their number."""
    posted, change = reported.get("posted", 0), points - _posted_points(reported)
    if not change:
        return ()
    reported["posted"], reported["sum"] = posted + 1, points
    # The first entry has the plain id, as every entry had before an event could be undone.
    name = f"{source_id}/{posted + 1}" if posted else source_id
    return (LedgerEntry(cause, name, change),)
