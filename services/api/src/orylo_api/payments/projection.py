"""From messages to rows of the read models, and to what the API answers for them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from orylo_api.conversions.models import ConversionStatus
from orylo_api.dead_letters.models import DeadLetterState
from orylo_api.payments.models import PaymentState
from orylo_api.read_models.effects import ConversionRow, DeadMessage, PaymentRow
from orylo_common.messages import (
    ConversionFact,
    ConversionFailed,
    DetectionCreated,
    DetectorResult,
    DisputeLost,
    DisputeOpened,
    DisputeWon,
    Message,
    PaymentCanceled,
    PaymentCreated,
    PaymentEnriched,
    PaymentFact,
    PaymentFailed,
    PaymentRefunded,
    PaymentSucceeded,
    TrustUpdated,
    encode,
)

# Namespace of ids that are derived from what they stand for.
DERIVED = UUID("0f0f1a5e-0a77-5b0e-9a53-6f72796c6f01")

_RANKS = {state: rank for rank, state in enumerate(PaymentState)}
DISPUTE_STATES: Mapping[type[Message], PaymentState] = {
    DisputeOpened: PaymentState.DISPUTED,
    DisputeWon: PaymentState.DISPUTE_WON,
    DisputeLost: PaymentState.CHARGEBACK,
}
PAYMENT_STATES: Mapping[type[Message], PaymentState] = {
    PaymentCreated: PaymentState.CREATED,
    PaymentFailed: PaymentState.FAILED,
    PaymentCanceled: PaymentState.CANCELED,
    PaymentSucceeded: PaymentState.SUCCEEDED,
    PaymentEnriched: PaymentState.SUCCEEDED,
    PaymentRefunded: PaymentState.REFUNDED,
}
# Who paid what, and how, is told best by the success; a dispute may know its own amount only.
_DETAIL_RANKS: Mapping[type[Message], int] = {
    PaymentRefunded: 1,
    PaymentCreated: 2,
    PaymentCanceled: 3,
    PaymentFailed: 4,
    PaymentSucceeded: 5,
}
# Below every other: what it says of state, amount and times stands only until the sale itself is heard of.
_PROVISIONAL = -1

_STATUS_RANKS = {
    ConversionStatus.PENDING: 0,
    ConversionStatus.SUPPRESSED: 1,
    ConversionStatus.FAILED: 2,
    # Delivered stays delivered, whatever is heard later.
    ConversionStatus.DISPATCHED: 3,
}


def uuid7_time(made: UUID, otherwise: datetime) -> datetime:
    """When a time-ordered id was made."""
    return datetime.fromtimestamp((made.int >> 80) / 1000, otherwise.tzinfo) if made.version == 7 else otherwise


def _key(rank: int, at: datetime, tie_breaker: str) -> str:
    # Microseconds always, so that texts of one rank sort by time.
    return f"{rank}|{at.astimezone(UTC).isoformat(timespec='microseconds')}|{tie_breaker}"


def payment_row(payment: PaymentFact) -> PaymentRow:
    kind = type(payment)
    state = PAYMENT_STATES.get(kind) or DISPUTE_STATES[kind]
    refunded_minor = 0
    if isinstance(payment, PaymentRefunded):
        refunded_minor = payment.refunded_minor
        state = PaymentState.REFUNDED if payment.full else PaymentState.PARTIALLY_REFUNDED
    later = kind is PaymentEnriched
    details = _details(payment)
    details_key = _key(_PROVISIONAL if later else _DETAIL_RANKS.get(kind, 0), payment.occurred_at, payment.event_id)
    return PaymentRow(
        gateway=payment.gateway,
        state=state,
        updated_at=payment.occurred_at,
        state_key=details_key if later else _key(_RANKS[state], payment.occurred_at, payment.event_id),
        customer_id=payment.customer_id,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        details=details,
        details_key=details_key,
        refunded_minor=refunded_minor,
        created_at=payment.occurred_at,
        enriched={name: [details_key, value] for name, value in details.items() if later and is_said(value)},
    )


def _details(payment: PaymentFact) -> dict[str, Any]:
    card = payment.card
    return {
        "customer_id": payment.customer_id,
        "payment_method": payment.payment_method,
        "card_brand": card and card.brand,
        "card_last4": card and card.last4,
        "card_country": card and card.country,
        "products": [product.name or product.product_id for product in payment.products],
        "livemode": payment.livemode,
        "test": payment.test,
    }


def is_said(detail: Any) -> bool:
    return detail is not None and detail != []


def filled(details: Mapping[str, Any], enriched: Mapping[str, list[Any]]) -> dict[str, Any]:
    """A payment's details, with what later events say where they say nothing."""
    return {
        name: enriched[name][1] if name in enriched and not is_said(value) else value for name, value in details.items()
    }


def detection_data(detection: DetectionCreated, created_at: datetime) -> dict[str, Any]:
    return {
        "id": detection.detection_id,
        "event_id": detection.event_id,
        "payment_id": detection.payment_id,
        "payment_type": detection.payment_type,
        "gateway": detection.gateway,
        "customer_id": detection.customer_id,
        "decision": detection.decision,
        "risk_score": detection.risk_score,
        "reasons": detection.reasons,
        "detectors": [detector_data(result) for result in detection.detectors],
        "degraded": detection.degraded,
        "amount_minor": detection.amount_minor,
        "currency": detection.currency,
        "occurred_at": detection.occurred_at,
        "created_at": created_at,
    }


def detector_data(result: DetectorResult) -> dict[str, Any]:
    return {
        "name": result.name,
        "score": result.score,
        "reasons": result.reasons,
        "duration_us": result.duration_us,
    }


def trust_data(trust: TrustUpdated) -> dict[str, Any]:
    return {
        "customer_id": trust.customer_id,
        "version": trust.version,
        "score_before": trust.score_before,
        "trust_score": trust.score_after,
        "status": trust.status,
        "cause": trust.cause,
        "occurred_at": trust.occurred_at,
    }


def actor_id(actor: str | None) -> UUID | None:
    """Of `user:<id>` and `api_key:<id>`."""
    try:
        return UUID((actor or "").partition(":")[2])
    except ValueError:
        return None


def conversion_row(
    conversion: ConversionFact,
    status: ConversionStatus,
    *,
    attempts: int = 0,
    reason: str | None = None,
    code: str | None = None,
) -> ConversionRow:
    at = conversion.occurred_at
    return ConversionRow(
        event_id=conversion.event_id,
        payment_id=conversion.payment_id,
        destination=conversion.destination,
        destination_id=conversion.destination_id,
        event_name=conversion.event_name,
        status=status,
        match_method=conversion.match.method,
        match_confidence=conversion.match.confidence,
        match_click_id=conversion.match.click_id,
        attempts=attempts,
        reason=reason,
        code=code,
        amount_minor=conversion.amount_minor,
        currency=conversion.currency,
        created_at=uuid7_time(conversion.conversion_id, at),
        updated_at=at,
        status_key=_key(_STATUS_RANKS[status], at, f"{attempts:06}|{conversion.message_id}"),
    )


def conversion_data(conversion_id: UUID, row: ConversionRow) -> dict[str, Any]:
    return {
        "id": conversion_id,
        "event_id": row.event_id,
        "payment_id": row.payment_id,
        "destination": row.destination,
        "destination_id": row.destination_id,
        "event_name": row.event_name,
        "status": row.status,
        "match": {"method": row.match_method, "confidence": row.match_confidence, "click_id": row.match_click_id},
        "attempts": row.attempts,
        "reason": row.reason,
        "code": row.code,
        "amount_minor": row.amount_minor,
        "currency": row.currency,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


def failed_conversion(conversion: ConversionFailed) -> DeadMessage:
    return DeadMessage(
        tenant_id=conversion.tenant_id,
        message_id=uuid5(DERIVED, f"failed:{conversion.message_id}"),
        source="dispatch",
        kind="conversion",
        subject_id=conversion.conversion_id,
        type=conversion.type,
        subject=conversion.payment_id,
        reason=conversion.reason,
        code=conversion.code,
        attempts=conversion.attempts,
        body=encode(conversion),
        first_failed_at=conversion.occurred_at,
        created_at=conversion.occurred_at,
    )


def dead_letter_data(dead: DeadMessage) -> dict[str, Any]:
    return {
        "id": dead.message_id,
        "source": dead.source,
        "kind": dead.kind,
        "type": dead.type,
        "subject": dead.subject,
        "reason": dead.reason,
        "code": dead.code,
        "attempts": dead.attempts,
        "state": DeadLetterState.OPEN,
        "first_failed_at": dead.first_failed_at,
        "created_at": dead.created_at,
        "settled_at": None,
        "settled_by": None,
        "settled_reason": None,
    }
