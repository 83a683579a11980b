"""Decides labelled payments in the order of their times, with the facts known at the time of each."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache

from orylo_common.control.lists.effective import EffectiveEntry
from orylo_common.control.lists.values import EntryType
from orylo_common.control.sections.detection import DetectionPolicy
from orylo_common.messages import PaymentFact, PaymentSucceeded
from orylo_detector.adapters.ip_countries import allocated_country
from orylo_detector.adapters.memory_attempts import MemoryAttempts
from orylo_detector.adapters.memory_history import MemoryHistory
from orylo_detector.adapters.memory_lists import MemoryLists
from orylo_detector.backtest.facts import dispute_fact, payment_fact
from orylo_detector.backtest.labelled_payment import LabelledPayment
from orylo_detector.backtest.replayed_rules import ReplayedRules
from orylo_detector.domain.features import Features
from orylo_detector.domain.verdict import Verdict
from orylo_detector.engine import Engine
from orylo_detector.list_additions import additions_of
from orylo_detector.ports import CountryLookup
from orylo_rules import AddToList, Rule

FEEDBACK_DELAY = timedelta(days=7)
# No detector is late in a backtest: its decisions must not depend on the machine.
NO_TIME_LIMIT = timedelta(days=1)
CACHED_ADDRESSES = 100_000
# The types of list entries that a row of a file can be on.
LISTED_TYPES = (EntryType.CUSTOMER, EntryType.CARD, EntryType.IP, EntryType.EMAIL_DOMAIN, EntryType.CARD_COUNTRY)


NO_LISTS = MemoryLists()


@dataclass(frozen=True, slots=True)
class Variant:
    """A way to decide: the current settings and rules, or the proposed ones."""

    name: str
    policy: DetectionPolicy
    rules: Sequence[Rule] = ()


@dataclass(frozen=True, slots=True)
class _Decider:
    """Decides by one variant. `lists` grow with the variant's rules that add entries."""

    engine: Engine
    policy: DetectionPolicy
    lists: MemoryLists

    async def decide(self, fact: PaymentFact, features: Features) -> Verdict:
        listed = self.lists.hits(fact)
        verdict = await self.engine.decide(fact, replace(features, listed=listed) if listed else features, self.policy)
        if verdict.listing:
            for addition in additions_of(fact, verdict.listing, fact.occurred_at):
                entry = addition.entry
                added = EffectiveEntry(entry.list, entry.type, entry.value, entry.expires_at)
                self.lists.add(added, fact.occurred_at)
        return verdict


class Replay:
    """The engine, the tenant's lists, and a history that grows with each payment. One history serves all variants.

    A fraud, and a dispute that the file names, is learned as a dispute: `feedback_delay` after the payment, or when
    it was reported if that was later.
    """

    def __init__(
        self,
        variants: Sequence[Variant],
        *,
        lists: MemoryLists = NO_LISTS,
        feedback_delay: timedelta = FEEDBACK_DELAY,
        country: CountryLookup = allocated_country,
    ) -> None:
        self._deciders = [_decider(variant, lists) for variant in variants]
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
        verdicts = [await decider.decide(fact, features) for decider in self._deciders]
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


def _decider(variant: Variant, lists: MemoryLists) -> _Decider:
    engine = Engine(rules=ReplayedRules(variant.rules, NO_TIME_LIMIT), time_limit=NO_TIME_LIMIT)
    adds_entries = any(isinstance(rule.action, AddToList) for rule in variant.rules)
    return _Decider(engine, variant.policy, lists.copy() if adds_entries else lists)
