"""The handlers of the detector's messages."""

from collections.abc import Callable, Sequence

from prometheus_client import Counter

from orylo_common.broker.ports import Outgoing
from orylo_common.control.sections.detection import DetectionPolicy
from orylo_common.ids import uuid7
from orylo_common.messages import (
    CustomerMerged,
    CustomerUnmerged,
    Decision,
    DetectionCreated,
    PaymentBlocked,
    PaymentFact,
    PaymentSucceeded,
    TrustUpdated,
    encode,
)
from orylo_common.telemetry.traces import current_traceparent
from orylo_detector.domain.verdict import Verdict
from orylo_detector.engine import Engine
from orylo_detector.ports import BatchWriter, DetectionPolicySource, FeatureSource
from orylo_detector.store.decisions import StoredDecision
from orylo_detector.store.learning import Incident

DECISIONS = Counter("orylo_detector_decisions_total", "Decisions recorded", ["decision"])
REPEATS = Counter("orylo_detector_repeats_total", "Payment events that already had a decision")
_COUNTED = {decision: DECISIONS.labels(decision.value) for decision in Decision}


async def decide_payment(
    payment: PaymentFact,
    *,
    features: FeatureSource,
    engine: Engine,
    plane: DetectionPolicySource,
    decisions: BatchWriter[StoredDecision, bool],
    offer: Callable[[Sequence[Outgoing]], None],
) -> None:
    """Decide on one event of a payment, once, and announce the decision."""
    # Read before the claim: a Redis round trip must not hold a row lock. Attempts are counted by their id, so a
    # redelivery does not count twice.
    known = await features.read(payment)
    verdict = await engine.decide(payment, known, plane.settings(payment.tenant_id, DetectionPolicy))

    detection = detection_of(payment, verdict)
    announcement, block = _announce(detection), None
    if isinstance(payment, PaymentSucceeded) and detection.decision is Decision.BLOCK and not payment.test:
        block = _announce(block_of(detection))
    if await decisions.add(StoredDecision(payment, detection, announcement, block, known.ip_country)):
        offer([announcement, block] if block else [announcement])
        _COUNTED[detection.decision].inc()
    else:
        REPEATS.inc()


async def learn_incident(fact: Incident, *, incidents: BatchWriter[Incident, None]) -> None:
    """Record a refund or its failure, a dispute or a fraud warning in the customer's history."""
    await incidents.add(fact)


async def copy_trust(update: TrustUpdated, *, trust: BatchWriter[TrustUpdated, None]) -> None:
    """Keep a copy of the customer's newest score and status."""
    await trust.add(update)


async def copy_people(
    change: CustomerMerged | CustomerUnmerged, *, people: BatchWriter[CustomerMerged | CustomerUnmerged, None]
) -> None:
    """Keep a copy of which customers are one person."""
    await people.add(change)


def detection_of(payment: PaymentFact, verdict: Verdict) -> DetectionCreated:
    """Build the message that announces a verdict."""
    return DetectionCreated(
        message_id=uuid7(),
        tenant_id=payment.tenant_id,
        correlation_id=payment.correlation_id,
        causation_id=payment.message_id,
        # The payment's time, not the decision's.
        occurred_at=payment.occurred_at,
        detection_id=uuid7(),
        event_id=payment.event_id,
        payment_id=payment.payment_id,
        gateway=payment.gateway,
        payment_type=payment.type,
        customer_id=payment.customer_id,
        decision=verdict.decision,
        risk_score=verdict.risk_score,
        reasons=tuple(each.reason for each in verdict.points),
        points=verdict.points,
        override=verdict.override,
        detectors=verdict.detectors,
        degraded=verdict.degraded,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
    )


def block_of(detection: DetectionCreated) -> PaymentBlocked:
    """Build the message that announces the block of a paid payment, for services that need no other decision."""
    return PaymentBlocked(
        message_id=uuid7(),
        tenant_id=detection.tenant_id,
        correlation_id=detection.correlation_id,
        causation_id=detection.causation_id,
        occurred_at=detection.occurred_at,
        event_id=detection.event_id,
        payment_id=detection.payment_id,
        customer_id=detection.customer_id,
    )


def _announce(message: DetectionCreated | PaymentBlocked) -> Outgoing:
    return Outgoing(message.message_id, message.type, encode(message, traceparent=current_traceparent()))
