"""A Hotmart sale, and the message for each thing that can happen to it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orylo_common.messages import (
    DisputeLost,
    GatewayFact,
    PaymentCanceled,
    PaymentCreated,
    PaymentFailed,
    PaymentRefunded,
    PaymentSucceeded,
)
from orylo_ingest.gateways.fields import minor_units_of, present
from orylo_ingest.gateways.port import IgnoredEvent, NormalisedEvent

# A partial refund's amount is not in the webhook.
PARTIAL_REFUND = "a partial refund, whose amount Hotmart does not send"


@dataclass(frozen=True, slots=True)
class Sale:
    """A purchase, read from any of the formats. `price` is the amount charged, `reported_at` the time of the status."""

    transaction: str
    price: Any
    currency: str
    reported_at: datetime
    ordered_at: datetime | None
    paid_at: datetime | None
    fields: dict[str, Any]
    decline_reason: str | None = None
    refunded_in_part: bool = False


def created(sale: Sale) -> NormalisedEvent:
    return _normalised(PaymentCreated, sale, "created")


def succeeded(sale: Sale) -> NormalisedEvent:
    return _normalised(PaymentSucceeded, sale, "paid", at=sale.paid_at)


def completed(sale: Sale) -> NormalisedEvent:
    # Sent weeks after the approval: date it as close to the approval as its fields allow.
    return _normalised(PaymentSucceeded, sale, "paid", at=sale.paid_at or sale.ordered_at)


def failed(sale: Sale) -> NormalisedEvent:
    # A transaction can be declined only once; each renewal has its own transaction.
    return _normalised(PaymentFailed, sale, "failed", **present(failure_code=sale.decline_reason))


def expired(sale: Sale) -> NormalisedEvent:
    return _normalised(PaymentCanceled, sale, "canceled", cancellation_reason="expired")


def canceled(sale: Sale) -> NormalisedEvent:
    return _normalised(PaymentCanceled, sale, "canceled", cancellation_reason="blocked")


def refunded(sale: Sale) -> NormalisedEvent | IgnoredEvent:
    if sale.refunded_in_part:
        return IgnoredEvent(PARTIAL_REFUND)
    event = _normalised(PaymentRefunded, sale, "refunded", full=True)
    event.fields["refunded_minor"] = event.fields["amount_minor"]
    return event


def charged_back(sale: Sale) -> NormalisedEvent:
    return _normalised(DisputeLost, sale, "charged_back", dispute_id=f"hotmart:{sale.transaction}", reason="chargeback")


def _normalised(
    message: type[GatewayFact], sale: Sale, fact: str, *, at: datetime | None = None, **extra: Any
) -> NormalisedEvent:
    payment_id = f"hotmart:{sale.transaction}"
    amount_minor = minor_units_of(sale.price, sale.currency, "the price")
    money = {"payment_id": payment_id, "amount_minor": amount_minor, "currency": sale.currency}
    return NormalisedEvent(
        message, at or sale.reported_at, {**sale.fields, **money, **extra}, (f"{fact}:{payment_id}",)
    )
