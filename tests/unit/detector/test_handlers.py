from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest

from orylo_common.broker.ports import Outgoing
from orylo_common.control.lists.additions import Addition
from orylo_common.control.sections.detection import DetectionPolicy
from orylo_common.messages import (
    Decision,
    DetectionCreated,
    PaymentEnriched,
    PaymentFact,
    PaymentFailed,
    ProviderAction,
    ProviderActionStatus,
    decode,
)
from orylo_detector.detectors import DETECTORS
from orylo_detector.domain.features import Features
from orylo_detector.domain.known_payment import DecidablePayment, KnownPayment
from orylo_detector.engine import Engine, RuleSource
from orylo_detector.handlers import decide_payment, learn_own_refund
from orylo_detector.payment_locks import PaymentLocks
from orylo_detector.ports import Reading
from orylo_detector.store.decisions import RecordedPayment
from orylo_detector.store.learning import Incident
from orylo_detector.store.recent_payments import decoded, encoded
from tests.unit.detector.cases import action_changed, attempts, features, payment


class Policies:
    def policy(self, tenant_id: UUID, gateway: str, /) -> DetectionPolicy:
        return DetectionPolicy()


class MemoryLists:
    """What rules add to the lists."""

    def __init__(self) -> None:
        self.added: list[Addition] = []

    async def add(self, additions: Sequence[Addition]) -> None:
        self.added += additions


class MemoryPayments:
    """What is known of payments, in memory: features, a store, and what is offered for publishing."""

    def __init__(self, known: Features | None = None, rules: RuleSource | None = None) -> None:
        self.features = known or features()
        self.rules = rules
        self.payments: dict[str, KnownPayment] = {}
        self.read_facts: list[PaymentFact] = []
        self.announced: list[Outgoing] = []
        self.recorded: list[RecordedPayment] = []
        self.observed: list[RecordedPayment] = []
        self.lists = MemoryLists()
        self._locks = PaymentLocks()

    async def read(self, payment: PaymentFact) -> Reading:
        self.read_facts.append(payment)
        return Reading(self.features, self.payments.get(payment.payment_id, KnownPayment()))

    async def add(self, recorded: RecordedPayment) -> bool:
        payment_id = recorded.payment.payment_id
        if recorded.known.version != self.payments.get(payment_id, KnownPayment()).version + 1:
            return False
        self.payments[payment_id] = decoded(recorded.known.version, encoded(recorded.known))
        self.recorded.append(recorded)
        return True

    def offer(self, messages: Sequence[Outgoing]) -> None:
        self.announced += messages

    async def decide(self, *facts: DecidablePayment | PaymentEnriched) -> list[DetectionCreated]:
        """Decide on the facts, one after the other. Return all decisions so far."""
        # No detector is late, even on a machine that stalls.
        engine = Engine(rules=self.rules, time_limit=timedelta(minutes=1))
        for fact in facts:
            await decide_payment(
                fact,
                features=self,
                engine=engine,
                policies=Policies(),
                payments=self,
                offer=self.offer,
                locks=self._locks,
                observe=self.observed.append,
                lists=self.lists,
            )
        messages = [decode(outgoing.body) for outgoing in self.announced]
        return [message for message in messages if isinstance(message, DetectionCreated)]


async def test_a_decision_is_announced_with_its_reasons_and_detectors() -> None:
    store, fact = MemoryPayments(features({"card": attempts(20)})), payment(PaymentFailed)
    [detection] = await store.decide(fact)

    [outgoing] = store.announced
    assert (detection.message_id, detection.causation_id) == (outgoing.message_id, fact.message_id)
    assert (detection.tenant_id, detection.event_id, detection.payment_id) == (
        fact.tenant_id,
        fact.event_id,
        fact.payment_id,
    )
    assert (detection.payment_type, detection.occurred_at) == ("payment.failed.v1", fact.occurred_at)
    assert detection.decision is Decision.BLOCK
    assert detection.reasons[0] == "velocity.card.1m"
    assert [result.name for result in detection.detectors] == [detector.name for detector in DETECTORS]


async def test_a_redelivered_payment_is_announced_once() -> None:
    store, fact = MemoryPayments(), payment()

    assert len(await store.decide(fact, fact)) == 1


class MemoryIncidents:
    def __init__(self) -> None:
        self.learned: list[Incident] = []

    async def add(self, incident: Incident) -> None:
        self.learned.append(incident)


@pytest.mark.parametrize("action", ProviderAction)
@pytest.mark.parametrize("status", ProviderActionStatus)
async def test_only_a_refund_that_is_done_is_learned_of_an_action(
    action: ProviderAction, status: ProviderActionStatus
) -> None:
    incidents, changed = MemoryIncidents(), action_changed(action=action, status=status)
    await learn_own_refund(changed, incidents=incidents)

    is_done = (action, status) == (ProviderAction.REFUND, ProviderActionStatus.DONE)
    assert incidents.learned == ([changed] if is_done else [])
