"""Precision among the customers with the highest risk of each day: the use of a team that can look at so many."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from statistics import fmean

from orylo_detector.backtest.labelled_payment import LabelledPayment

# Customers a day, as in the Fraud Detection Handbook, chapter 4.
INSPECTED = 100


@dataclass(slots=True)
class _CustomerDay:
    risk: int
    amount_minor: int
    is_fraud: bool


class DailyRanking:
    """Ranks each day's customers by their highest risk, then by amount. Days are those of UTC.

    Customers that are known as compromised when their payment arrives are left out: a team would have stopped them.
    """

    def __init__(self) -> None:
        self._day: date | None = None
        self._customers: dict[str, _CustomerDay] = {}
        self._precisions: dict[date, float] = {}

    def add(self, payment: LabelledPayment, risk: int, compromised: Collection[str]) -> None:
        """Add a payment. Payments must come in the order of their times."""
        day = payment.occurred_at.date()
        if day != self._day:
            self._close_day()
            self._day = day
        if payment.customer_id in compromised:
            return
        key = payment.customer_id or payment.payment_id
        known = self._customers.get(key)
        if known is None:
            self._customers[key] = _CustomerDay(risk, payment.amount_minor, payment.is_fraud)
            return
        if (risk, payment.amount_minor) > (known.risk, known.amount_minor):
            known.risk, known.amount_minor = risk, payment.amount_minor
        known.is_fraud = known.is_fraud or payment.is_fraud

    def precisions(self) -> dict[date, float]:
        """Return the share of compromised customers among those inspected, by day."""
        self._close_day()
        return self._precisions

    def mean_precision(self) -> float | None:
        precisions = self.precisions()
        return fmean(precisions.values()) if precisions else None

    def _close_day(self) -> None:
        if self._day is None or not self._customers:
            return
        ranked = sorted(self._customers.items(), key=lambda each: (-each[1].risk, -each[1].amount_minor, each[0]))
        inspected = ranked[:INSPECTED]
        self._precisions[self._day] = sum(customer.is_fraud for _, customer in inspected) / len(inspected)
        self._customers = {}
