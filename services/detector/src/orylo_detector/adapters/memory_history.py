"""The history of customers, products and the tenant in memory, for payments that are replayed one after the other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from orylo_common.control.sections.detection import RiskEntity
from orylo_common.messages import DisputeOpened, PaymentFact, PaymentSucceeded
from orylo_detector.domain.amounts import AmountHistogram, AmountHistory, bucket
from orylo_detector.domain.countries import Location
from orylo_detector.domain.entities import (
    NO_COUNTS,
    REMEMBERED,
    EntityHistory,
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


@dataclass(slots=True)
class _Customer:
    payments: int = 0
    first_paid_at: datetime | None = None
    disputes: int = 0
    last_location: Location | None = None


class _Entity:
    """EntityHistory that grows: an entity's counts by fortnight, and all frauds in them.

    A decision reads the rates of few entities, so they are computed when they are read.
    """

    __slots__ = ("_counts", "_newest", "frauds")

    def __init__(self, fortnight: int) -> None:
        self._newest = fortnight
        self._counts: dict[int, FortnightCounts] = {}
        self.frauds = 0

    def add(self, fortnight: int, payments: int, frauds: int) -> None:
        if fortnight > self._newest:
            self._newest = fortnight
            self._counts = {number: each for number, each in self._counts.items() if number > fortnight - REMEMBERED}
            self.frauds = sum(frauds_then for _, _, frauds_then in self._counts.values())
        elif fortnight <= self._newest - REMEMBERED:
            return
        _, paid, fraudulent = self._counts.get(fortnight, (fortnight, 0, 0))
        self._counts[fortnight] = (fortnight, paid + payments, fraudulent + frauds)
        self.frauds += frauds

    def rate(self, at: datetime, half_life_days: int, /) -> EntityRate:
        return rate_of(self._counts.values(), at, half_life_days)


class MemoryHistory:
    """HistoryReader in memory, of one tenant. Trust scores are unknown: the trust service publishes them."""

    def __init__(self) -> None:
        self._customers: dict[str, _Customer] = {}
        self._amounts: dict[tuple[str, str], AmountHistogram] = {}
        self._entities: dict[int, _Entity] = {}
        self._paid: set[str] = set()
        self._disputed: set[str] = set()
        # A payment is learned right after it was decided on.
        self._named: tuple[PaymentFact | None, dict[RiskEntity, int]] = (None, {})

    async def read(self, payments: Sequence[PaymentFact]) -> list[History]:
        return [
            History(self._customer(payment), self._amounts_of(payment), UNKNOWN, entities=self._entities_of(payment))
            for payment in payments
        ]

    def learn_payment(self, payment: PaymentSucceeded, ip_country: str | None) -> None:
        """Add a paid payment, once. `ip_country` is where the customer paid from, if known."""
        if payment.test or payment.payment_id in self._paid:
            return
        self._paid.add(payment.payment_id)
        for subject in subjects_of(payment).values():
            self._amounts.setdefault((subject, payment.currency), AmountHistogram()).add(bucket(payment.amount_minor))
        self._count(payment, 1, 0)
        if payment.customer_id:
            customer = self._customers.setdefault(payment.customer_id, _Customer())
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
        for key in self._keys(payment).values():
            entity = self._entities.get(key)
            if entity is None:
                entity = self._entities[key] = _Entity(fortnight)
            entity.add(fortnight, payments, frauds)

    def _entities_of(self, payment: PaymentFact) -> Mapping[RiskEntity, EntityHistory]:
        return {kind: self._entities.get(key, NO_COUNTS) for kind, key in self._keys(payment).items()}

    def _keys(self, payment: PaymentFact) -> dict[RiskEntity, int]:
        if self._named[0] is not payment:
            self._named = payment, entities_of(payment)
        return self._named[1]

    def _customer(self, payment: PaymentFact) -> CustomerHistory | None:
        if not payment.customer_id:
            return None
        known = self._customers.get(payment.customer_id)
        if known is None:
            return CustomerHistory()
        return CustomerHistory(
            payments=known.payments,
            first_paid_at=known.first_paid_at,
            disputes=known.disputes,
            last_location=known.last_location,
        )

    def _amounts_of(self, payment: PaymentFact) -> Mapping[Subject, AmountHistory]:
        amounts, currency = self._amounts, payment.currency
        return {
            name: known.summary() if (known := amounts.get((subject, currency))) else AmountHistory(0)
            for name, subject in subjects_of(payment).items()
        }
