"""What a later event tells of a payment's buyer, filled in where the first one said nothing."""

from datetime import timedelta
from typing import TypeVar

from orylo_common.messages import PaymentEnriched, PaymentSucceeded
from orylo_common.messages.message import Value

# A gateway's events about one payment leave within a second or two of each other.
PATIENCE = timedelta(seconds=5)

OneValue = TypeVar("OneValue", bound=Value)


def enriched(payment: PaymentSucceeded, later: PaymentEnriched) -> PaymentSucceeded:
    """The payment with what it lacked. What it said stays: amount, time and ids are the first event's."""
    address = payment if payment.ip else later
    return payment.model_copy(
        update={
            "customer_id": payment.customer_id or later.customer_id,
            "match_keys": _filled(payment.match_keys, later.match_keys),
            "tracking": _filled(payment.tracking, later.tracking),
            "ip": address.ip,
            "user_agent": address.user_agent,
            "products": payment.products or later.products,
            "subscription": payment.subscription or later.subscription,
            "order_id": payment.order_id or later.order_id,
        }
    )


def _filled(known: OneValue, more: OneValue) -> OneValue:
    return known.model_copy(update={name: value for name, value in more if getattr(known, name) is None})
