"""Defines fraud, for detection, which learns from it, and for the quality of decisions, which is measured by it.

A verdict decides. Without one, a dispute counts as fraud unless it was won, whatever the payer's reason: of several
disputes, one that was not won is enough. Without a dispute, a card network's fraud warning counts. Anything else is
legitimate.

Each report is kept under its own name with a sort key, and of two reports under one name the higher key counts.
The result therefore depends neither on the order of the messages nor on repetitions.
"""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from enum import StrEnum

from orylo_common.messages import (
    DisputeFact,
    DisputeLost,
    DisputeWon,
    FraudWarningReceived,
    PaymentVerdict,
    VerdictGiven,
)

FraudReport = DisputeFact | FraudWarningReceived | VerdictGiven
# By name: the report's key and its sign.
Evidence = dict[str, tuple[str, str]]


class Sign(StrEnum):
    """A report's statement about a payment."""

    DISPUTED = "disputed"
    DISPUTE_WON = "dispute_won"
    DISPUTE_LOST = "dispute_lost"
    WARNED = "warned"
    JUDGED_FRAUD = "judged_fraud"
    JUDGED_LEGITIMATE = "judged_legitimate"
    NOT_JUDGED = "not_judged"


_OF_VERDICT = {
    PaymentVerdict.FRAUD: Sign.JUDGED_FRAUD,
    PaymentVerdict.LEGITIMATE: Sign.JUDGED_LEGITIMATE,
    PaymentVerdict.WITHDRAWN: Sign.NOT_JUDGED,
}


def evidence_of(report: FraudReport) -> Evidence:
    """Return what one message says."""
    at = report.occurred_at
    match report:
        case VerdictGiven():
            return {"verdict": (_key(0, at, str(report.verdict_id)), _OF_VERDICT[report.verdict])}
        case FraudWarningReceived():
            return {f"warning:{report.warning_id}": (_key(0, at, ""), Sign.WARNED)}
        case DisputeWon():
            sign = Sign.DISPUTE_WON
        case DisputeLost():
            sign = Sign.DISPUTE_LOST
        case _:
            sign = Sign.DISPUTED
    # A decided dispute is not open again. A later decision replaces an earlier one; of two at once, the win.
    return {f"dispute:{report.dispute_id}": (_key(int(sign is not Sign.DISPUTED), at, sign), sign)}


def merged(one: Evidence, other: Mapping[str, tuple[str, str]]) -> Evidence:
    """Return the evidence of both."""
    result = dict(one)
    for name, report in other.items():
        known = result.get(name)
        result[name] = report if known is None else max(known, report)
    return result


def is_fraud(signs: Collection[str]) -> bool:
    """Return whether a payment with these signs counts as fraud."""
    if Sign.JUDGED_FRAUD in signs or Sign.JUDGED_LEGITIMATE in signs:
        return Sign.JUDGED_FRAUD in signs
    if Sign.DISPUTED in signs or Sign.DISPUTE_LOST in signs:
        return True
    return Sign.WARNED in signs and Sign.DISPUTE_WON not in signs


def _key(rank: int, at: datetime, tie_breaker: str) -> str:
    # In one zone and with microseconds, such texts sort by time.
    return f"{rank}|{at.astimezone(UTC).isoformat(timespec='microseconds')}|{tie_breaker}"
