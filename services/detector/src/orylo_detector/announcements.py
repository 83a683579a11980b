"""The messages that the detector publishes."""

from orylo_common.broker.ports import Outgoing
from orylo_common.ids import uuid7
from orylo_common.messages import (
    BlockFact,
    Decision,
    DetectionCreated,
    PaymentBlocked,
    PaymentBlockLifted,
    PaymentFact,
    PaymentSucceeded,
    encode,
    type_of,
)
from orylo_common.telemetry.traces import current_traceparent
from orylo_detector.domain.known_payment import KnownPayment
from orylo_detector.domain.verdict import Verdict

SUCCEEDED = type_of(PaymentSucceeded)


def detection_of(
    payment: PaymentFact, verdict: Verdict, known: KnownPayment | None, *, cause: PaymentFact
) -> DetectionCreated:
    """Build the message that announces a verdict on a payment. `cause` is the event that led to it.

    Without `known`, the verdict is on an event that was reported late, and never the payment's current one.
    """
    return DetectionCreated(
        message_id=uuid7(),
        tenant_id=payment.tenant_id,
        correlation_id=cause.correlation_id,
        causation_id=cause.message_id,
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
        rules=verdict.rules,
        detectors=verdict.detectors,
        degraded=verdict.degraded,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        version=known.version if known else 0,
        replaces=known.decided.reference if known and known.decided else None,
        late=known is None,
    )


def block_fact(detection: DetectionCreated) -> BlockFact | None:
    """Return the message that a paid payment is now blocked, or no longer is. None if neither changed."""
    replaced = detection.replaces
    was_blocked = replaced is not None and replaced.payment_type == SUCCEEDED and replaced.decision is Decision.BLOCK
    is_blocked = detection.decision is Decision.BLOCK
    if detection.payment_type != SUCCEEDED or was_blocked == is_blocked:
        return None
    message_class = PaymentBlocked if is_blocked else PaymentBlockLifted
    return message_class(
        message_id=uuid7(),
        tenant_id=detection.tenant_id,
        correlation_id=detection.correlation_id,
        causation_id=detection.causation_id,
        occurred_at=detection.occurred_at,
        event_id=detection.event_id,
        payment_id=detection.payment_id,
        customer_id=detection.customer_id,
        version=detection.version,
    )


def announce(message: DetectionCreated | BlockFact) -> Outgoing:
    return Outgoing(message.message_id, message.type, encode(message, traceparent=current_traceparent()))
