"""A customer's trust score: the clamped sum of a ledger with one row per cause.

A sum does not ask in which order its rows came. Two rules keep it one: a month's clean payments count
up to the highest cap that any of them was written under, and clamping is the last step.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

from orylo_common.control.sections.trust import TrustPolicy
from orylo_common.messages import (
    DisputeFact,
    DisputeWon,
    FraudWarningReceived,
    PaymentFact,
    PaymentRefunded,
    PaymentSucceeded,
)

LOWEST, HIGHEST = 0, 100


class Cause(StrEnum):
    DISPUTE_OPENED = "dispute_opened"
    DISPUTE_WON = "dispute_won"
    FRAUD_WARNING = "fraud_warning"
    REFUND = "refund"
    CLEAN_PAYMENT = "clean_payment"


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of one customer's ledger; `cause` and `source_id` make it unique among all of the tenant's.

    `month` and `monthly_cap` are set for a cause whose points are limited per calendar month (UTC).
    """

    cause: Cause
    source_id: str
    points: int
    month: date | None = None
    monthly_cap: int | None = None


@dataclass(frozen=True, slots=True)
class Month:
    """What one calendar month's limited rows come to."""

    points: int = 0
    cap: int = 0

    @property
    def counted(self) -> int:
        return min(self.points, self.cap)

    def with_entry(self, entry: Entry) -> "Month":
        return Month(self.points + entry.points, max(self.cap, entry.monthly_cap or 0))


def entries_for(fact: PaymentFact, points: TrustPolicy) -> tuple[Entry, ...]:
    """The rows a fact asks for; none where it says nothing about trust, as a panel's test event does."""
    if fact.test:
        return ()
    match fact:
        case PaymentSucceeded():
            return (
                Entry(
                    Cause.CLEAN_PAYMENT,
                    fact.payment_id,
                    points.clean_payment,
                    month=month_of(fact.occurred_at),
                    monthly_cap=points.clean_payments_per_month,
                ),
            )
        case PaymentRefunded():
            # By payment: the parts of a refund told one by one are one refund.
            return (Entry(Cause.REFUND, fact.payment_id, points.refund),)
        case DisputeFact():
            # Whatever is told of a dispute, it was opened: a win or a loss may be the first we hear of it.
            opened = Entry(Cause.DISPUTE_OPENED, fact.dispute_id, points.dispute_opened)
            if isinstance(fact, DisputeWon):
                return (opened, Entry(Cause.DISPUTE_WON, fact.dispute_id, points.dispute_won))
            return (opened,)
        case FraudWarningReceived():
            return (Entry(Cause.FRAUD_WARNING, fact.warning_id, points.fraud_warning),)
        case _:
            return ()


def month_of(moment: datetime) -> date:
    return moment.astimezone(UTC).date().replace(day=1)


def total(start: int, entries: Iterable[Entry]) -> int:
    """The unclamped sum, from nothing but the rows; repeated rows count once."""
    unique = {(entry.cause, entry.source_id): entry for entry in entries}
    lasting = sum(entry.points for entry in unique.values() if entry.month is None)
    months: dict[date, Month] = {}
    for entry in unique.values():
        if entry.month is not None:
            months[entry.month] = months.get(entry.month, Month()).with_entry(entry)
    return start + lasting + sum(month.counted for month in months.values())


def score(total_points: int) -> int:
    return max(LOWEST, min(HIGHEST, total_points))
