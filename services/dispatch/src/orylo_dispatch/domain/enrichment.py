"""Fill in what the first event about a payment left open from a later one."""

from datetime import timedelta
from typing import TypeVar

from orylo_common.messages import PaymentEnriched, PaymentSucceeded
from orylo_common.messages.message import Value

# How long a conversion waits for an event that names its buyer. A gateway's events about one payment leave within a
# second or two of each other.
ENRICHMENT_WAIT = timedelta(seconds=5)

OneValue = TypeVar("OneValue", bound=Value)


def enriched(payment: PaymentSucceeded, later: PaymentEnriched) -> PaymentSucceeded:
    """Return the payment with its missing fields filled in. Amount, time and ids stay those of the first event."""
    visitor = payment if payment.ip else later
    return payment.model_copy(
        update={
            "customer_id": payment.customer_id or later.customer_id,
            "match_keys": _filled(payment.match_keys, later.match_keys),
            "tracking": _filled(payment.tracking, later.tracking),
            "ip": visitor.ip,
            "user_agent": visitor.user_agent,
            "products": payment.products or later.products,
            "subscription": payment.subscription or later.subscription,
            "order_id": payment.order_id or later.order_id,
        }
    )


def _filled(known: OneValue, more: OneValue) -> OneValue:
    return known.model_copy(update={name: value for name, value in more if getattr(known, name) is None})
