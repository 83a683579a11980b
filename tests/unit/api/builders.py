"""Messages as the other services would send them."""

from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from orylo_common.ids import uuid7
from orylo_common.messages import (
    Card,
    ConversionDispatched,
    ConversionFact,
    ConversionFailed,
    ConversionSuppressed,
    CustomerMerged,
    CustomerMergeLimited,
    Decision,
    DecisionWithout,
    DestinationStatus,
    DestinationStatusChanged,
    DestinationTokenRead,
    DetectionCreated,
    DetectorResult,
    DisputeFact,
    FraudWarningReceived,
    Match,
    PaymentFact,
    PaymentRefunded,
    PaymentVerdict,
    Product,
    ProviderAction,
    ProviderActionChanged,
    ProviderActionStatus,
    ReasonPoints,
    ReconciledEvents,
    ReconciliationChanged,
    ReconciliationState,
    ReplacedDecision,
    TrustStatus,
    TrustUpdated,
    Utm,
    VerdictGiven,
    WebhookQuarantined,
    WebhookRejected,
    WebhookReplayed,
)

NOON = datetime(2026, 3, 14, 12, 0, 0, 123456, tzinfo=UTC)
TENANT = UUID("019d0000-0000-7000-8000-000000000001")
OTHER_TENANT = UUID("019d0000-0000-7000-8000-000000000002")
CUSTOMER = "cus_" + "a" * 32
PAYMENT = "stripe:pi_1"
DESTINATION = UUID("019d0000-0000-7000-8000-0000000000d1")

Fact = TypeVar("Fact", bound=PaymentFact)
Conversion = TypeVar("Conversion", bound=ConversionFact)


def after(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def _envelope() -> dict[str, Any]:
    message_id = uuid7()
    return {"message_id": message_id, "correlation_id": message_id, "tenant_id": TENANT, "occurred_at": NOON}


def payment(kind: type[Fact], **changes: Any) -> Fact:
    fields: dict[str, Any] = {
        **_envelope(),
        "event_id": f"evt_{uuid7()}",
        "gateway": "stripe",
        "gateway_event_type": "any",
        "customer_id": CUSTOMER,
        "payment_id": PAYMENT,
        "amount_minor": 1250,
        "currency": "BRL",
        "payment_method": "card",
        "card": Card(brand="visa", last4="4242", country="BR"),
        "products": (Product(product_id="p1", name="Course"),),
    }
    if issubclass(kind, PaymentRefunded):
        fields["refunded_minor"] = 1250
    if issubclass(kind, DisputeFact):
        fields["dispute_id"] = "dp_1"
    if issubclass(kind, FraudWarningReceived):
        fields["warning_id"] = "issfr_1"
    return kind(**{**fields, **changes})


def replaced(detection: DetectionCreated) -> ReplacedDecision:
    return ReplacedDecision(
        detection_id=detection.detection_id,
        payment_type=detection.payment_type,
        decision=detection.decision,
        degraded=bool(detection.degraded),
        amount_minor=detection.amount_minor,
        currency=detection.currency,
    )


def detection(**changes: Any) -> DetectionCreated:
    fields: dict[str, Any] = {
        **_envelope(),
        "detection_id": uuid7(),
        "event_id": f"evt_{uuid7()}",
        "payment_id": PAYMENT,
        "gateway": "stripe",
        "payment_type": "payment.succeeded.v1",
        "customer_id": CUSTOMER,
        "decision": Decision.REVIEW,
        "risk_score": 55,
        "reasons": ("velocity.card_1m",),
        "points": (ReasonPoints(reason="velocity.card_1m", detector="velocity", points=55),),
        "detectors": (
            DetectorResult(
                name="velocity",
                score=55,
                reasons=("velocity.card_1m",),
                duration_us=900,
                otherwise=DecisionWithout(risk_score=0, decision=Decision.ALLOW),
            ),
            DetectorResult(name="amount_anomaly", score=0, duration_us=70),
        ),
        "degraded": ("amount_anomaly",),
        "amount_minor": 1250,
        "currency": "BRL",
    }
    return DetectionCreated(**{**fields, **changes})


def trust_updated(**changes: Any) -> TrustUpdated:
    fields: dict[str, Any] = {
        **_envelope(),
        "customer_id": CUSTOMER,
        "version": 1,
        "score_before": 50,
        "score_after": 52,
        "status": TrustStatus.NEUTRAL,
        "cause": "clean_payment",
    }
    return TrustUpdated(**{**fields, **changes})


def verdict(given: PaymentVerdict, **changes: Any) -> VerdictGiven:
    fields: dict[str, Any] = {
        **_envelope(),
        "verdict_id": uuid7(),
        "payment_id": PAYMENT,
        "verdict": given,
        "actor": "ana",
    }
    return VerdictGiven(**{**fields, **changes})


def customer_merged(**changes: Any) -> CustomerMerged:
    fields: dict[str, Any] = {**_envelope(), "customer_id": CUSTOMER, "version": 1, **changes}
    return CustomerMerged(**{"people": (fields["customer_id"], "cus_other"), **fields})


def customer_merge_limited(**changes: Any) -> CustomerMergeLimited:
    fields: dict[str, Any] = {
        **_envelope(),
        "limit_id": uuid7(),
        "limit": "customers_per_identifier",
        "customers": (CUSTOMER,),
    }
    return CustomerMergeLimited(**{**fields, **changes})


def conversion(kind: type[Conversion], **changes: Any) -> Conversion:
    fields: dict[str, Any] = {
        **_envelope(),
        "conversion_id": uuid7(),
        "event_id": "evt_1",
        "payment_id": PAYMENT,
        "destination_id": DESTINATION,
        "destination": "meta",
        "event_name": "Purchase",
        "match": Match(
            method="click_id",
            confidence=0.99,
            click_id="clk_1",
            tried=(),
            utm=Utm(source="facebook", campaign="black-friday"),
        ),
        "amount_minor": 1250,
        "currency": "BRL",
    }
    if issubclass(kind, ConversionDispatched):
        fields["attempts"] = 1
    if issubclass(kind, ConversionFailed):
        fields |= {"attempts": 3, "reason": "Meta refused the token", "code": "190"}
    if issubclass(kind, ConversionSuppressed):
        fields["reason"] = "blocked"
    return kind(**{**fields, **changes})


def action_changed(**changes: Any) -> ProviderActionChanged:
    fields: dict[str, Any] = {
        **_envelope(),
        "action_id": uuid7(),
        "revision": 1,
        "payment_id": PAYMENT,
        "gateway": "stripe",
        "action": ProviderAction.REFUND,
        "status": ProviderActionStatus.FAILED,
        "detection_id": uuid7(),
        "decision_version": 1,
        "decided_by": "risk",
        "amount_minor": 1250,
        "currency": "BRL",
        "attempts": 1,
        "code": "balance_insufficient",
        "reason": "The balance at Stripe does not cover the refund.",
    }
    return ProviderActionChanged(**{**fields, **changes})


def destination_changed(**changes: Any) -> DestinationStatusChanged:
    fields: dict[str, Any] = {
        **_envelope(),
        "destination_id": DESTINATION,
        "destination": "meta",
        "version": 1,
        "status": DestinationStatus.ON_HOLD,
        "code": "190/463",
        "reason": "The token has expired. Create a new token.",
    }
    return DestinationStatusChanged(**{**fields, **changes})


def token_read(**changes: Any) -> DestinationTokenRead:
    fields: dict[str, Any] = {
        **_envelope(),
        "destination_id": DESTINATION,
        "destination": "meta",
        "configured_at": NOON,
        "expires_at": NOON + timedelta(days=60),
    }
    return DestinationTokenRead(**{**fields, **changes})


def rejected(**changes: Any) -> WebhookRejected:
    fields: dict[str, Any] = {
        **_envelope(),
        "gateway": "stripe",
        "status": 401,
        "code": "signature_mismatch",
        "reason": "It fits none of the secrets.",
        "count": 1,
        "first_at": NOON,
        "remote": "192.0.2.1",
        "size": 512,
    }
    return WebhookRejected(**{**fields, **changes})


def quarantined(**changes: Any) -> WebhookQuarantined:
    fields: dict[str, Any] = {
        **_envelope(),
        "event_id": str(uuid7()),
        "gateway": "stripe",
        "gateway_event_id": "evt_1",
        "gateway_event_type": "charge.succeeded",
        "kind": "quarantined",
        "reason": "the amount is missing",
        "payload": {"id": "evt_1"},
        "payload_bytes": 14,
    }
    return WebhookQuarantined(**{**fields, **changes})


def replayed(of: WebhookQuarantined, **changes: Any) -> WebhookReplayed:
    fields: dict[str, Any] = {
        **_envelope(),
        "tenant_id": of.tenant_id,
        "event_id": of.event_id,
        "gateway": of.gateway,
        "gateway_event_id": of.gateway_event_id,
        "gateway_event_type": of.gateway_event_type,
        "status": "published",
        "message_type": "payment.succeeded.v1",
    }
    return WebhookReplayed(**{**fields, **changes})


def reconciliation_changed(**given: Any) -> ReconciliationChanged:
    values = {
        **_envelope(),
        "reconciliation_id": uuid7(),
        "revision": 1,
        "gateway": "stripe",
        "livemode": True,
        "range_start": after(-60),
        "range_end": NOON,
        "dry_run": False,
        "requested_by": "machine",
        "requested_at": NOON,
        "state": ReconciliationState.RUNNING,
        "events": ReconciledEvents(),
        **given,
    }
    return ReconciliationChanged.model_validate(values)
