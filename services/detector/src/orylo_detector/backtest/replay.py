"""Decides labelled payments in the order of their times, with the facts known at the time of each."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from orylo_common.control.sections.detection import DetectionPolicy
from orylo_common.messages import PaymentSucceeded
from orylo_detector.adapters.ip_countries import allocated_country
from orylo_detector.adapters.memory_attempts import MemoryAttempts
from orylo_detector.adapters.memory_history import MemoryHistory
from orylo_detector.backtest.facts import dispute_fact, payment_fact
from orylo_detector.backtest.labelled_payment import LabelledPayment
from orylo_detector.backtest.replayed_rules import ReplayedRules
from orylo_detector.domain.features import Features
from orylo_detector.domain.verdict import Verdict
from orylo_detector.engine import Engine
from orylo_detector.ports import CountryLookup
from orylo_rules import Rule

FEEDBACK_DELAY = timedelta(days=7)
# No detector is late in a backtest: its decisions must not depend on the machine.
NO_TIME_LIMIT = timedelta(days=1)
CACHED_ADDRESSES = 100_000


@dataclass(frozen=True, slots=True)
class Variant:
    """A way to decide: the current settings and rules, or the proposed ones."""

    name: str
    policy: DetectionPolicy
    rules: Sequence[Rule] = ()


class Replay:
    """The engine, and a history that grows with each payment. One history serves all variants.

    A fraud, and a dispute that the file names, is learned as a dispute: `feedback_delay` after the payment, or when
    it was reported if that was later.
    """

    def __init__(
        self,
        variants: Sequence[Variant],
        *,
        feedback_delay: timedelta = FEEDBACK_DELAY,
        country: CountryLookup = allocated_country,
    ) -> None:
        self._engines = [
            (Engine(rules=ReplayedRules(variant.rules, NO_TIME_LIMIT), time_limit=NO_TIME_LIMIT), variant.policy)
            for variant in variants
        ]
        self._feedback_delay = feedback_delay
        self._country = lru_cache(CACHED_ADDRESSES)(country)
        self._attempts = MemoryAttempts()
        self._history = MemoryHistory()
        # Payments with a label to learn, by the time at which it becomes known.
        self._unlabelled: list[tuple[datetime, str, LabelledPayment]] = []
        # Customers with a payment that is known as fraud.
        self.compromised: set[str] = set()

    async def decide(self, payment: LabelledPayment) -> list[Verdict]:
        """Return a verdict for each variant, then learn the payment. Payments must come in the order of their times."""
        self._learn_labels(payment.occurred_at)
        fact = payment_fact(payment)
        ip_country = payment.ip_country or (self._country(payment.ip) if payment.ip else None)
        [attempts] = await self._attempts.record([fact])
        [history] = await self._history.read([fact])
        features = Features(attempts, history.customer, history.amounts, ip_country, entities=history.entities)
        verdicts = [await engine.decide(fact, features, policy) for engine, policy in self._engines]
        if isinstance(fact, PaymentSucceeded):
            self._history.learn_payment(fact, ip_country)
            if payment.is_fraud or payment.disputed_at:
                heapq.heappush(self._unlabelled, (self._known_at(payment), payment.payment_id, payment))
        return verdicts

    def _known_at(self, payment: LabelledPayment) -> datetime:
        known_at = payment.occurred_at + self._feedback_delay
        return max(known_at, payment.disputed_at) if payment.disputed_at else known_at

    def _learn_labels(self, now: datetime) -> None:
        while self._unlabelled and self._unlabelled[0][0] <= now:
            known_at, _, payment = heapq.heappop(self._unlabelled)
            self._history.learn_dispute(dispute_fact(payment, known_at), payment_fact(payment))
            if payment.is_fraud and payment.customer_id:
                self.compromised.add(payment.customer_id)
