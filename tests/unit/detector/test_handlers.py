from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from orylo_common.broker.ports import Outgoing
from orylo_common.control.sections.detection import DetectionPolicy
from orylo_common.messages import Decision, DetectionCreated, PaymentFact, PaymentFailed, decode
from orylo_detector.detectors import DETECTORS
from orylo_detector.domain.features import Features
from orylo_detector.domain.verdict import Verdict
from orylo_detector.engine import Engine
from orylo_detector.handlers import decide_payment
from orylo_detector.store.decisions import StoredDecision
from tests.unit.detector.cases import attempts, features, payment


class Known:
    def __init__(self, known: Features) -> None:
        self._known = known

    async def read(self, payment: PaymentFact) -> Features:
        return self._known


class Plane:
    def settings(self, tenant_id: UUID, model: type[DetectionPolicy], /) -> DetectionPolicy:
        return DetectionPolicy()


class MemoryDecisions:
    """A BatchWriter of decisions that also records what is offered for publishing."""

    def __init__(self) -> None:
        self.events: set[str] = set()
        self.announced: list[Outgoing] = []
        self.observed: list[str] = []

    async def add(self, decided: StoredDecision) -> bool:
        new = decided.payment.event_id not in self.events
        self.events.add(decided.payment.event_id)
        return new

    def offer(self, messages: Sequence[Outgoing]) -> None:
        self.announced += messages

    def observe(self, payment: PaymentFact, verdict: Verdict) -> None:
        self.observed.append(payment.event_id)


async def decide(fact: PaymentFact, known: Features, store: MemoryDecisions) -> None:
    # No detector is late, even on a machine that stalls.
    engine = Engine(time_limit=timedelta(minutes=1))
    await decide_payment(
        fact,
        features=Known(known),
        engine=engine,
        plane=Plane(),
        decisions=store,
        offer=store.offer,
        observe=store.observe,
    )


async def test_a_decision_is_announced_with_its_reasons_and_detectors() -> None:
    store, fact = MemoryDecisions(), payment(PaymentFailed)
    await decide(fact, features({"card": attempts(20)}), store)

    [outgoing] = store.announced
    detection = decode(outgoing.body)
    assert isinstance(detection, DetectionCreated)
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
    store, fact = MemoryDecisions(), payment()
    for _ in range(2):
        await decide(fact, features(), store)

    assert len(store.announced) == 1
