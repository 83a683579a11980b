"""Fill in what one event about a payment left open from another."""

from typing import TypeVar

from orylo_common.messages.message import Value
from orylo_common.messages.payments import Card, PaymentFact

OneFact = TypeVar("OneFact", bound=PaymentFact)
OneValue = TypeVar("OneValue", bound=Value)


def enriched(payment: OneFact, later: PaymentFact) -> OneFact:
    """Return the payment with its missing fields filled in. Amount, time and ids stay those of `payment`."""
    visitor = later if later.ip and not payment.ip else payment
    return payment.model_copy(
        update={
            "customer_id": payment.customer_id or later.customer_id,
            "match_keys": _filled(payment.match_keys, later.match_keys),
            "customer_flags": _filled(payment.customer_flags, later.customer_flags),
            "tracking": _filled(payment.tracking, later.tracking),
            "ip": visitor.ip,
            "user_agent": visitor.user_agent,
            "products": payment.products or later.products,
            "payment_method": payment.payment_method or later.payment_method,
            "installments": payment.installments or later.installments,
            "card": _card(payment.card, later.card),
            "subscription": payment.subscription or later.subscription,
            "order_id": payment.order_id or later.order_id,
            "affiliate_id": payment.affiliate_id or later.affiliate_id,
            "document_hash": payment.document_hash or later.document_hash,
        }
    )


def _card(known: Card | None, more: Card | None) -> Card | None:
    """Fill in the card, unless the other event names another card."""
    if known is None or more is None:
        return known or more
    same = all(
        getattr(known, name) in (None, getattr(more, name)) or getattr(more, name) is None
        for name in ("last4", "fingerprint")
    )
    return _filled(known, more) if same else known


def _filled(known: OneValue, more: OneValue) -> OneValue:
    missing = {name: value for name, value in more if value is not None and getattr(known, name) is None}
    return known.model_copy(update=missing) if missing else known
