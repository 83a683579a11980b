"""Builders of payments and their features."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, overload
from uuid import UUID, uuid4

from orylo_common.control.sections.detection import Entity
from orylo_common.messages import (
    PaymentFact,
    PaymentSucceeded,
    ProviderAction,
    ProviderActionChanged,
    ProviderActionStatus,
)
from orylo_detector.domain.amounts import AmountHistory
from orylo_detector.domain.features import CustomerHistory, Features, Subject
from orylo_detector.domain.velocity import UNKNOWN_CARD, PaymentAttempt, microseconds

NOW = datetime(2026, 5, 10, 12, tzinfo=UTC)
TENANT = UUID("0196b7a0-0000-7000-8000-000000000001")
REGULAR = CustomerHistory(payments=12, first_paid_at=NOW - timedelta(days=200), trust_score=70)

Fact = TypeVar("Fact", bound=PaymentFact)


@overload
def payment(**changes: Any) -> PaymentSucceeded: ...


@overload
def payment(message_class: type[Fact], **changes: Any) -> Fact: ...


def payment(message_class: type[PaymentFact] = PaymentSucceeded, **changes: Any) -> PaymentFact:
    return message_class.model_validate(
        {
            "message_id": uuid4(),
            "tenant_id": TENANT,
            "correlation_id": uuid4(),
            "occurred_at": NOW,
            "event_id": str(uuid4()),
            "gateway": "stripe",
            "gateway_event_type": "charge.succeeded",
            "customer_id": "cus_1",
            "payment_id": f"stripe:pi_{uuid4().hex}",
            "amount_minor": 10_000,
            "currency": "BRL",
            "ip": "203.0.113.7",
            "card": {"fingerprint": "fp_1", "last4": "4242"},
            "products": [{"product_id": "course"}],
            **changes,
        }
    )


def action_changed(**changes: Any) -> ProviderActionChanged:
    """Return the message about a refund that the platform made, unless `changes` say otherwise."""
    return ProviderActionChanged.model_validate(
        {
            "message_id": uuid4(),
            "tenant_id": TENANT,
            "correlation_id": uuid4(),
            "occurred_at": NOW,
            "action_id": uuid4(),
            "revision": 1,
            "payment_id": "stripe:pi_1",
            "gateway": "stripe",
            "action": ProviderAction.REFUND,
            "status": ProviderActionStatus.DONE,
            "detection_id": uuid4(),
            "decision_version": 1,
            "decided_by": "risk",
            "amount_minor": 10_000,
            "currency": "BRL",
            "attempts": 1,
            **changes,
        }
    )


def features(
    attempts: Mapping[Entity, Sequence[PaymentAttempt]] | None = None,
    customer: CustomerHistory | None = REGULAR,
    amounts: Mapping[Subject, AmountHistory] | None = None,
    ip_country: str | None = None,
) -> Features:
    return Features(attempts if attempts is not None else {}, customer, amounts or {}, ip_country, entities={})


def attempts(count: int, *, every: timedelta = timedelta(seconds=1), amount_minor: int = 1000) -> list[PaymentAttempt]:
    """Build attempts, the last one at `NOW`."""
    return [
        PaymentAttempt(
            microseconds(NOW - number * every), amount_minor, b"BRL", False, f"attempt{number}".encode(), UNKNOWN_CARD
        )
        for number in range(count)
    ]
