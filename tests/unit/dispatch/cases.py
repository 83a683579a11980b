"""Builders of payments, clicks and decisions for the tests of dispatch."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

from orylo_common.messages import (
    ClickRecorded,
    Decision,
    DetectionCreated,
    MatchKeys,
    PaymentSucceeded,
    Tracking,
)
from orylo_dispatch.domain.matching import Click, MatchSignals

TENANT = UUID("0190a000-0000-7000-8000-000000000001")
PAID_AT = datetime(2026, 5, 10, 12, 0, 0, tzinfo=UTC)
CLICK_ID = "oc_" + "a1B2c3D4e5F6g7H8i9J0kL"


def hashed(text: str) -> str:
    return sha256(text.encode()).hexdigest()


EMAIL = hashed("ana@example.com")
PHONE = hashed("5511999990000")


def ago(**duration: float) -> datetime:
    return PAID_AT - timedelta(**duration)


def click(click_id: str = CLICK_ID, *, clicked_at: datetime | None = None, **changes: Any) -> Click:
    return Click(click_id=click_id, clicked_at=clicked_at or ago(hours=1), **changes)


def signals(**changes: Any) -> MatchSignals:
    return MatchSignals(**{"paid_at": PAID_AT, **changes})


def payment(number: int = 1, **changes: Any) -> PaymentSucceeded:
    fields = {
        "message_id": uuid4(),
        "tenant_id": TENANT,
        "correlation_id": uuid4(),
        "occurred_at": PAID_AT,
        "event_id": f"event-{number}",
        "gateway": "stripe",
        "gateway_event_type": "payment_intent.succeeded",
        "payment_id": f"stripe:pi_{number}",
        "amount_minor": 1250,
        "currency": "BRL",
        "customer_id": "cus_" + "0" * 32,
        "match_keys": MatchKeys(email=EMAIL, phone=PHONE),
    }
    return PaymentSucceeded.model_validate(fields | changes)


def detection(paid: PaymentSucceeded, decision: Decision = Decision.ALLOW, **changes: Any) -> DetectionCreated:
    fields = {
        "message_id": uuid4(),
        "tenant_id": paid.tenant_id,
        "correlation_id": paid.correlation_id,
        "occurred_at": paid.occurred_at,
        "detection_id": uuid4(),
        "event_id": paid.event_id,
        "payment_id": paid.payment_id,
        "gateway": paid.gateway,
        "payment_type": paid.type,
        "decision": decision,
        "risk_score": 5,
        "amount_minor": paid.amount_minor,
        "currency": paid.currency,
    }
    return DetectionCreated.model_validate(fields | changes)


def click_recorded(**changes: Any) -> ClickRecorded:
    fields = {
        "message_id": uuid4(),
        "tenant_id": TENANT,
        "correlation_id": uuid4(),
        "occurred_at": ago(hours=1),
        "click_id": CLICK_ID,
        "kind": "pageview",
        "url": "https://shop.example/offer",
        "ip": "203.0.113.7",
        "user_agent": "Mozilla/5.0 (X11; Linux x86_64)",
        "tracking": Tracking(fbclid="IwAR0-_x", fbp="fb.1.1778000000000.1234567890"),
    }
    return ClickRecorded.model_validate(fields | changes)
