"""A customer's trust score: the clamped sum of a ledger with one entry per cause and source.

The sum does not depend on the order of the entries: a month's clean payments count up to the highest cap that any of
them was written with, and clamping is the last step.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

from orylo_common.control.sections.trust import TrustPolicy
from orylo_common.messages import (
    DisputeFact,
    FraudWarningReceived,
    PaymentFact,
    PaymentSucceeded,
)

LOWEST, HIGHEST = 0, 100


class EntryCause(StrEnum):
    DISPUTE_OPENED = "dispute_opened"
    DISPUTE_WON = "dispute_won"
    DISPUTE_LOST = "dispute_lost"
    FRAUD_WARNING = "fraud_warning"
    REFUND = "refund"
    REFUND_FAILED = "refund_failed"
    CLEAN_PAYMENT = "clean_payment"
    PAYMENT_BLOCKED = "payment_blocked"
    BLOCK_LIFTED = "block_lifted"
    VERDICT_FRAUD = "verdict_fraud"
    VERDICT_LEGITIMATE = "verdict_legitimate"
    VERDICT_WITHDRAWN = "verdict_withdrawn"
    CORRECTION = "correction"

    @property
    def summed_as(self) -> str:
        """The name under which the entry counts in sums by cause.

        Which entries undo each other depends on the order of reports. Their sum does not.
        """
        return _SUMMED_AS.get(self, self.value)


_SUMMED_AS = {
    EntryCause.PAYMENT_BLOCKED: "clean_payment",
    EntryCause.BLOCK_LIFTED: "clean_payment",
    EntryCause.REFUND_FAILED: "refund",
    EntryCause.DISPUTE_LOST: "dispute_won",
    EntryCause.VERDICT_FRAUD: "verdict",
    EntryCause.VERDICT_LEGITIMATE: "verdict",
    EntryCause.VERDICT_WITHDRAWN: "verdict",
}


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """An entry of a customer's ledger. `cause` and `source_id` are unique within the tenant.

    `month` and `monthly_cap` are set for a cause whose points are limited per calendar month (UTC).
    """

    cause: EntryCause
    source_id: str
    points: int
    month: date | None = None
    monthly_cap: int | None = None


@dataclass(frozen=True, slots=True)
class MonthlyTotal:
    """The sum of one calendar month's capped entries, and their cap."""

    points: int = 0
    cap: int = 0

    @property
    def counted(self) -> int:
        return min(self.points, self.cap)

    def with_entry(self, entry: LedgerEntry) -> "MonthlyTotal":
        return MonthlyTotal(self.points + entry.points, max(self.cap, entry.monthly_cap or 0))


def entries_for(fact: PaymentFact, policy: TrustPolicy) -> tuple[LedgerEntry, ...]:
    """Return the entries for a fact alone: none if it does not affect trust, like a panel's test event.

    Refunds, decided disputes and verdicts can change: their entries depend on other facts, too (`reversals.py`).
    """
    if fact.test:
        return ()
    match fact:
        case PaymentSucceeded():
            # A sale over 0 proves nothing about its buyer.
            if not fact.amount_minor:
                return ()
            return (
                LedgerEntry(
                    EntryCause.CLEAN_PAYMENT,
                    fact.payment_id,
                    policy.clean_payment,
                    month=month_of(fact.occurred_at),
                    monthly_cap=policy.clean_payments_per_month,
                ),
            )
        case DisputeFact():
            # Every dispute was opened, even if a win or a loss is the first report of it.
            return (LedgerEntry(EntryCause.DISPUTE_OPENED, fact.dispute_id, policy.dispute_opened),)
        case FraudWarningReceived():
            return (LedgerEntry(EntryCause.FRAUD_WARNING, fact.warning_id, policy.fraud_warning),)
        case _:
            return ()


def month_of(moment: datetime) -> date:
    return moment.astimezone(UTC).date().replace(day=1)


def sums(entries: Iterable[LedgerEntry]) -> dict[str, int]:
    """Return the points by cause, without those that are zero. Repeated entries count once."""
    unique = {(entry.cause, entry.source_id): entry for entry in entries}
    found: defaultdict[str, int] = defaultdict(int)
    months: dict[date, MonthlyTotal] = {}
    for entry in unique.values():
        if entry.month is None:
            found[entry.cause.summed_as] += entry.points
        else:
            months[entry.month] = months.get(entry.month, MonthlyTotal()).with_entry(entry)
    found[EntryCause.CLEAN_PAYMENT.summed_as] += sum(month.counted for month in months.values())
    return {cause: points for cause, points in found.items() if points}


def total(start: int, entries: Iterable[LedgerEntry]) -> int:
    """Return the unclamped sum of the entries. Repeated entries count once."""
    return start + sum(sums(entries).values())


def score(total_points: int) -> int:
    return max(LOWEST, min(HIGHEST, total_points))
