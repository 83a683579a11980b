"""Builds the messages that a labelled payment would have arrived as."""

from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from uuid import UUID

from orylo_common.messages import (
    Card,
    CustomerFlags,
    DisputeOpened,
    PaymentCreated,
    PaymentFact,
    PaymentFailed,
    PaymentSucceeded,
    Product,
)
from orylo_detector.backtest.labelled_payment import LabelledPayment, PaymentStatus

# A backtest is of one tenant and publishes nothing, so the ids of the messages say nothing.
NO_ID = UUID(int=0)
CACHED = 100_000

_TYPES: dict[PaymentStatus, type[PaymentFact]] = {
    "created": PaymentCreated,
    "failed": PaymentFailed,
    "succeeded": PaymentSucceeded,
}
# Copied for each payment. The values of a file are checked when it is read, and a copy is ten times as fast as a
# validation.
_TEMPLATES = {
    status: type_.model_validate(
        {
            "message_id": NO_ID,
            "tenant_id": NO_ID,
            "correlation_id": NO_ID,
            "occurred_at": "1970-01-01T00:00:00Z",
            "event_id": "",
            "gateway": "backtest",
            "gateway_event_type": status,
            "payment_id": "",
            "amount_minor": 0,
            "currency": "XXX",
        }
    )
    for status, type_ in _TYPES.items()
}


def payment_fact(payment: LabelledPayment) -> PaymentFact:
    """Build the message that reports the payment."""
    changes: dict[str, object] = {
        "event_id": f"{payment.payment_id}:{payment.status}",
        "occurred_at": payment.occurred_at,
        "payment_id": payment.payment_id,
        "customer_id": payment.customer_id,
        "amount_minor": payment.amount_minor,
        "currency": payment.currency,
    }
    if payment.ip:
        changes["ip"] = payment.ip
    if payment.terminal_id:
        changes["affiliate_id"] = payment.terminal_id
    if payment.product_id:
        changes["products"] = _products(payment.product_id)
    if payment.card_fingerprint or payment.card_country:
        changes["card"] = _card(payment.card_fingerprint, payment.card_country)
    if payment.email_domain:
        changes["customer_flags"] = _flags(payment.email_domain)
    return _TEMPLATES[payment.status].model_copy(update=changes)


def dispute_fact(payment: LabelledPayment, at: datetime) -> DisputeOpened:
    """Build the message that reports a dispute of the payment."""
    return DisputeOpened(
        message_id=NO_ID,
        tenant_id=NO_ID,
        correlation_id=NO_ID,
        occurred_at=at,
        event_id=f"{payment.payment_id}:disputed",
        gateway="backtest",
        gateway_event_type="disputed",
        payment_id=payment.payment_id,
        customer_id=payment.customer_id,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        dispute_id=payment.payment_id,
        reason="fraudulent" if payment.is_fraud else None,
    )


@lru_cache(CACHED)
def _products(product_id: str) -> tuple[Product, ...]:
    return (Product(product_id=product_id),)


@lru_cache(CACHED)
def _card(fingerprint: str | None, country: str | None) -> Card:
    return Card(fingerprint=fingerprint, country=country)


@lru_cache(CACHED)
def _flags(email_domain: str) -> CustomerFlags:
    return CustomerFlags(email_domain_hash=sha256(email_domain.encode()).hexdigest())
