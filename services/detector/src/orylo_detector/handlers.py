"""What the detector does with each message."""

from prometheus_client import Counter

from orylo_common.broker.ports import Outgoing
from orylo_common.control.sections.detection import DetectionPolicy
from orylo_common.ids import uuid7
from orylo_common.messages import Decision, DetectionCreated, PaymentFact, TrustUpdated, encode
from orylo_common.telemetry.traces import current_traceparent
from orylo_detector.domain.verdict import Verdict
from orylo_detector.engine import Engine
from orylo_detector.ports import Announcer, Batches, FeatureSource, RulesOf
from orylo_detector.store.decisions import Decided
from orylo_detector.store.learning import Aftermath

DECISIONS = Counter("orylo_detector_decisions_total", "Decisions recorded", ["decision"])
REPEATS = Counter("orylo_detector_repeats_total", "Payments' events that had been decided on before")
_COUNTED = {decision: DECISIONS.labels(decision.value) for decision in Decision}


async def decide_payment(
    payment: PaymentFact,
    *,
    features: FeatureSource,
    engine: Engine,
    plane: RulesOf,
    decisions: Batches[Decided, bool],
    announcer: Announcer,
) -> None:
    """Reach a decision on one event of a payment, once, and announce it."""
    # Gathered before the claim: a Redis round trip must not hold a row lock. What is counted there is
    # counted by payment and attempt, so that a redelivery does not count twice.
    known = await features.gather(payment)
    verdict = await engine.decide(payment, known, plane.settings(payment.tenant_id, DetectionPolicy))

    detection = detection_of(payment, verdict)
    announcement = Outgoing(detection.message_id, detection.type, encode(detection, traceparent=current_traceparent()))
    if await decisions.add(Decided(payment, detection, announcement)):
        announcer.offer([announcement])
        _COUNTED[detection.decision].inc()
    else:
        REPEATS.inc()


async def learn_aftermath(fact: Aftermath, *, incidents: Batches[Aftermath, None]) -> None:
    """Remember what went wrong after a payment."""
    await incidents.add(fact)


async def copy_trust(update: TrustUpdated, *, trust: Batches[TrustUpdated, None]) -> None:
    """Keep the newest score and status of a customer at hand."""
    await trust.add(update)


def detection_of(payment: PaymentFact, verdict: Verdict) -> DetectionCreated:
    """The message that tells a verdict."""
    return DetectionCreated(
        message_id=uuid7(),
        tenant_id=payment.tenant_id,
        correlation_id=payment.correlation_id,
        causation_id=payment.message_id,
        # The payment's own time: a decision on what happened then.
        occurred_at=payment.occurred_at,
        detection_id=uuid7(),
        event_id=payment.event_id,
        payment_id=payment.payment_id,
        gateway=payment.gateway,
        payment_type=payment.type,
        customer_id=payment.customer_id,
        decision=verdict.decision,
        risk_score=verdict.risk_score,
        reasons=verdict.reasons,
        detectors=verdict.detectors,
        degraded=verdict.degraded,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
    )
