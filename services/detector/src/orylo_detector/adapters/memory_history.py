"""The history of customers, products and the tenant in memory, for payments that are replayed one after the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from orylo_common.control.sections.detection import RiskEntity
from orylo_common.messages import DisputeOpened, PaymentFact, PaymentSucceeded
from orylo_detector.domain.amounts import AmountHistogram, AmountHistory, bucket
from orylo_detector.domain.countries import Location
from orylo_detector.domain.entities import (
    EPOCH,
    NO_COUNTS,
    REMEMBERED,
    EntityRate,
    FortnightCounts,
    entities_of,
    fortnight_of,
    rate_of,
)
from orylo_detector.domain.features import CustomerHistory, Subject, subjects_of
from orylo_detector.domain.known_payment import KnownPayment
from orylo_detector.ports import History

# Each row of a file has all the facts of its payment.
UNKNOWN = KnownPayment()
NO_PAYMENTS = AmountHistory(0)
NEW_CUSTOMER = CustomerHistory()


@dataclass(slots=True)
class _Customer:
    payments: int = 0
    first_paid_at: datetime | None = None
    disputes: int = 0
    last_location: Location | None = None


class _Entity:
    """EntityHistory that grows: an entity's counts by fortnight, and all frauds in them.

    A decision reads the rates of few entities, so they are computed when they are read. Most payments are of the newest
    fortnight, so the rate of those before it is kept for a day.
    """

    __slots__ = ("_counts", "_earlier", "_earlier_of", "_newest", "frauds")

    def __init__(self, fortnight: int) -> None:
        self._newest = fortnight
        self._counts: dict[int, FortnightCounts] = {}
        self._earlier = EntityRate()
        # The day and the half-life of the kept rate.
        self._earlier_of: tuple[int, int] | None = None
        self.frauds = 0

    def add(self, fortnight: int, payments: int, frauds: int) -> None:
        if fortnight > self._newest:
            self._newest = fortnight
            self._counts = {number: each for number, each in self._counts.items() if number > fortnight - REMEMBERED}
            self.frauds = sum(frauds_then for _, _, frauds_then in self._counts.values())
            self._earlier_of = None
        elif fortnight <= self._newest - REMEMBERED:
            return
        elif fortnight < self._newest:
            self._earlier_of = None
        _, paid, fraudulent = self._counts.get(fortnight, (fortnight, 0, 0))
        self._counts[fortnight] = (fortnight, paid + payments, fraudulent + frauds)
        self.frauds += frauds

    def rate(self, at: datetime, half_life_days: int, /) -> EntityRate:
        day = (at - EPOCH).days, half_life_days
        if day != self._earlier_of:
            earlier = [each for each in self._counts.values() if each[0] != self._newest]
            self._earlier, self._earlier_of = rate_of(earlier, at, half_life_days), day
        newest = self._counts.get(self._newest)
        return rate_of((newest,), at, half_life_days, self._earlier) if newest else self._earlier


class MemoryHistory:
    """HistoryReader in memory, of one tenant. Trust scores are unknown: the trust service publishes them."""

    def __init__(self) -> None:
        self._customers: dict[str, _Customer] = {}
        self._amounts: dict[tuple[str, str], AmountHistogram] = {}
        self._entities: dict[int, _Entity] = {}
        self._paid: set[str] = set()
        self._disputed: set[str] = set()
        # A payment is learned right after it was decided on.
        self._newest: PaymentFact | None = None
        self._newest_keys: dict[RiskEntity, int] = {}
        self._newest_subjects: dict[Subject, str] = {}

    async def read(self, payments: Sequence[PaymentFact]) -> list[History]:
        return [self._history_of(payment) for payment in payments]

    def learn_payment(self, payment: PaymentSucceeded, ip_country: str | None) -> None:
        """Add a paid payment, once. `ip_country` is where the customer paid from, if known."""
        if payment.test or payment.payment_id in self._paid:
            return
        self._paid.add(payment.payment_id)
        at, currency = bucket(payment.amount_minor), payment.currency
        self._name(payment)
        for subject in self._newest_subjects.values():
            histogram = self._amounts.get((subject, currency))
            if histogram is None:
                histogram = self._amounts[subject, currency] = AmountHistogram()
            histogram.add(at)
        self._count(payment, 1, 0)
        if payment.customer_id:
            customer = self._customers.get(payment.customer_id)
            if customer is None:
                customer = self._customers[payment.customer_id] = _Customer()
            customer.payments += 1
            customer.first_paid_at = min(customer.first_paid_at or payment.occurred_at, payment.occurred_at)
            if ip_country:
                here = Location(payment.occurred_at, ip_country)
                customer.last_location = max(customer.last_location or here, here)

    def learn_dispute(self, dispute: DisputeOpened, payment: PaymentFact) -> None:
        """Add a dispute of a paid payment, once."""
        if dispute.dispute_id in self._disputed:
            return
        self._disputed.add(dispute.dispute_id)
        self._count(payment, 0, 1)
        if dispute.customer_id:
            self._customers.setdefault(dispute.customer_id, _Customer()).disputes += 1

    def _count(self, payment: PaymentFact, payments: int, frauds: int) -> None:
        fortnight = fortnight_of(payment.occurred_at)
        self._name(payment)
        for key in self._newest_keys.values():
            entity = self._entities.get(key)
            if entity is None:
                entity = self._entities[key] = _Entity(fortnight)
            entity.add(fortnight, payments, frauds)

    def _name(self, payment: PaymentFact) -> None:
        """Name the entities and the subjects of a payment, once for all that is done with it."""
        if self._newest is not payment:
            self._newest, self._newest_keys, self._newest_subjects = payment, entities_of(payment), subjects_of(payment)

    def _history_of(self, payment: PaymentFact) -> History:
        self._name(payment)
        entities, amounts, currency = self._entities, self._amounts, payment.currency
        return History(
            self._customer(payment),
            {
                name: known.summary() if (known := amounts.get((subject, currency))) else NO_PAYMENTS
                for name, subject in self._newest_subjects.items()
            },
            UNKNOWN,
            entities={kind: entities.get(key, NO_COUNTS) for kind, key in self._newest_keys.items()},
        )

    def _customer(self, payment: PaymentFact) -> CustomerHistory | None:
        if not payment.customer_id:
            return None
        known = self._customers.get(payment.customer_id)
        if known is None:
            return NEW_CUSTOMER
        return CustomerHistory(
            payments=known.payments,
            first_paid_at=known.first_paid_at,
            disputes=known.disputes,
            last_location=known.last_location,
        )
