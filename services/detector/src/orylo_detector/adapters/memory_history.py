"""The history of customers, products and the tenant in memory, for payments that are replayed one after the other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from orylo_common.messages import DisputeOpened, PaymentFact, PaymentSucceeded
from orylo_detector.domain.amounts import AmountHistogram, AmountHistory, bucket
from orylo_detector.domain.countries import Location
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


class MemoryHistory:
    """HistoryReader in memory, of one tenant. Trust scores are unknown: the trust service publishes them."""

    def __init__(self) -> None:
        self._customers: dict[str, _Customer] = {}
        self._amounts: dict[tuple[str, str], AmountHistogram] = {}
        self._paid: set[str] = set()
        self._disputed: set[str] = set()

    async def read(self, payments: Sequence[PaymentFact]) -> list[History]:
        return [History(self._customer(payment), self._amounts_of(payment), UNKNOWN) for payment in payments]

    def learn_payment(self, payment: PaymentSucceeded, ip_country: str | None) -> None:
        """Add a paid payment, once. `ip_country` is where the customer paid from, if known."""
        if payment.test or payment.payment_id in self._paid:
            return
        self._paid.add(payment.payment_id)
        for subject in subjects_of(payment).values():
            self._amounts.setdefault((subject, payment.currency), AmountHistogram()).add(bucket(payment.amount_minor))
        if payment.customer_id:
            customer = self._customers.setdefault(payment.customer_id, _Customer())
            customer.payments += 1
            customer.first_paid_at = min(customer.first_paid_at or payment.occurred_at, payment.occurred_at)
            if ip_country:
                here = Location(payment.occurred_at, ip_country)
                customer.last_location = max(customer.last_location or here, here)

    def learn_dispute(self, dispute: DisputeOpened) -> None:
        """Add a dispute, once."""
        if dispute.dispute_id not in self._disputed and dispute.customer_id:
            self._disputed.add(dispute.dispute_id)
            self._customers.setdefault(dispute.customer_id, _Customer()).disputes += 1

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
