"""The handlers of the detector's messages."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from uuid import UUID

from prometheus_client import Counter

from orylo_common.broker.ports import Outgoing
from orylo_common.control.lists.additions import Addition
from orylo_common.control.sections.detection import DetectionPolicy
from orylo_common.errors import TransientError
from orylo_common.messages import (
    CustomerMerged,
    CustomerUnmerged,
    Decision,
    DetectionCreated,
    PaymentEnriched,
    PaymentFailed,
    ProviderActionChanged,
    RuleHit,
    TrustUpdated,
)
from orylo_detector.announcements import announce, block_fact, detection_of
from orylo_detector.domain.known_payment import DecidablePayment, KnownPayment
from orylo_detector.domain.verdict import Verdict
from orylo_detector.engine import Engine
from orylo_detector.list_additions import additions_of
from orylo_detector.payment_locks import PaymentLocks
from orylo_detector.ports import BatchWriter, DetectionPolicySource, FeatureSource
from orylo_detector.store.decisions import RecordedPayment
from orylo_detector.store.entities import EntityFact
from orylo_detector.store.learning import Incident

DECISIONS = Counter("orylo_detector_decisions_total", "Decisions recorded", ["decision"])
REPEATS = Counter("orylo_detector_repeats_total", "Payment events that added nothing to what was known")
_COUNTED = {decision: DECISIONS.labels(decision.value) for decision in Decision}

# A payment rarely changes in another replica between reading and recording.
MAX_TRIES = 10


async def decide_payment(
    fact: DecidablePayment | PaymentEnriched,
    *,
    features: FeatureSource,
    engine: Engine,
    policies: DetectionPolicySource,
    payments: BatchWriter[RecordedPayment, bool],
    offer: Callable[[Sequence[Outgoing]], None],
    locks: PaymentLocks,
    observe: Callable[[RecordedPayment], None],
    lists: BatchWriter[Sequence[Addition], None],
) -> DetectionCreated | None:
    """Add an event to what is known of its payment, decide with all its facts, and announce a new decision.

    Return that decision, if there is one. Raises `TransientError` if other replicas keep changing the payment.
    """
    async with locks.of(fact):
        for _ in range(MAX_TRIES):
            policy = policies.policy(fact.tenant_id, fact.gateway)
            proposed = await propose_decision(fact, features, engine, policy)
            if proposed is None:
                REPEATS.inc()
                return None
            if proposed.additions:
                # Before the decision: a repetition after a crash adds nothing twice, and nothing is forgotten.
                await lists.add(proposed.additions)
            if await payments.add(proposed):
                offer(proposed.messages)
                if proposed.detection:
                    _COUNTED[proposed.detection.decision].inc()
                    observe(proposed)
                return proposed.detection
    raise TransientError("other replicas keep changing the payment")


async def learn_incident(fact: Incident, *, incidents: BatchWriter[Incident, None]) -> None:
    """Record a refund or its failure, a dispute or a fraud warning in the customer's history."""
    await incidents.add(fact)


async def learn_own_refund(changed: ProviderActionChanged, *, incidents: BatchWriter[Incident, None]) -> None:
    """Record a refund that the platform made: it does not count against the customer."""
    if changed.has_refunded:
        await incidents.add(changed)


async def learn_entities(fact: EntityFact, *, entities: BatchWriter[EntityFact, None]) -> None:
    """Count a paid payment, or feedback on it, for its product, affiliate, network, …"""
    await entities.add(fact)


async def copy_trust(update: TrustUpdated, *, trust: BatchWriter[TrustUpdated, None]) -> None:
    """Keep a copy of the customer's newest score and status."""
    await trust.add(update)


async def copy_people(
    change: CustomerMerged | CustomerUnmerged, *, people: BatchWriter[CustomerMerged | CustomerUnmerged, None]
) -> None:
    """Keep a copy of which customers are one person."""
    await people.add(change)


async def propose_decision(
    fact: DecidablePayment | PaymentEnriched, features: FeatureSource, engine: Engine, policy: DetectionPolicy
) -> RecordedPayment | None:
    """Return the payment with the fact and, if it is new, its decision. None if the fact adds nothing."""
    # Read before the payment is recorded: a Redis round trip must not hold a row lock. Attempts are counted by their
    # id, so a second reading does not count twice.
    reading, before = await features.read(fact)
    known = before.with_fact(fact)
    if known is before:
        return None
    payment = known.payment
    if payment is None:
        return RecordedPayment(fact, known)
    if isinstance(fact, PaymentFailed) and fact.event_id != payment.event_id:
        # Every declined attempt is decided on. The decision on a newer event stays the current one.
        verdict = await engine.decide(fact, reading, policy)
        late = detection_of(fact, verdict, None, cause=fact)
        additions = additions_of(fact, verdict.listing, datetime.now(UTC))
        return RecordedPayment(fact, known, late, announce(late), additions=additions)
    if payment != fact:
        reading, _ = await features.read(payment)
    used = known.with_used_history(reading).weighed(payment.occurred_at, policy.entity_half_life_days)
    verdict = await engine.decide(payment, used, policy)
    detection = announcement = block = None
    if _is_news(verdict, payment, before):
        detection = detection_of(payment, verdict, known, cause=fact)
        announcement = announce(detection)
        change = None if payment.test else block_fact(detection)
        block = announce(change) if change else None
    known = known.decided_with(used, detection)
    additions = additions_of(payment, verdict.listing, datetime.now(UTC))
    return RecordedPayment(payment, known, detection, announcement, block, used.ip_country, additions)


def _is_news(verdict: Verdict, payment: DecidablePayment, before: KnownPayment) -> bool:
    """Return whether to publish a verdict: every new event's, and one made again if it changed."""
    decided = before.decided
    if decided is None or payment.event_id != before.facts[0].event_id:
        return True
    if set(verdict.degraded) - set(decided.degraded):
        # It lacks a detector that the decision before had, so it counts only if it is more severe.
        return verdict.severity > decided.severity
    if _effects(verdict.rules) != _effects(decided.rules):
        return True
    return (verdict.decision, verdict.override, verdict.points) != (decided.decision, decided.override, decided.points)


def _effects(hits: Sequence[RuleHit]) -> set[tuple[UUID, str, Decision]]:
    """Return what shadow mode shows of the rules: it counts for the newest decision."""
    return {(hit.rule_id, hit.mode, hit.otherwise) for hit in hits}
