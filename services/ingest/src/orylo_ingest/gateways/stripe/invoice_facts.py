"""Facts that match the two sides of an invoice's payment, so that a subscription's charge is published once.

One side knows the invoice (`invoice.paid`, a subscription's `checkout.session.completed`), the other the payment intent
(`payment_intent.succeeded`, `charge.succeeded`). Before API version 2025-03-31 each named the other, and an invoice
with expanded `payments` still does. Otherwise neither body refers to the other, and the payment would be published
twice. Both know the customer, the amount, and when the charge was made and paid. Each side therefore also claims facts
built from these; if one of them is already claimed, the event is not published.

An intent or a charge claims them only if Stripe made it for an invoice, which its description shows. Two purchases of
one customer at the same price therefore stay two payments, however close in time. Two *invoices* of one customer over
the same amount within two minutes are published as one.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from orylo_ingest.gateways.fields import child, integer, text
from orylo_ingest.gateways.stripe.reading import Object, ref

# The descriptions that Stripe generates, and whether they mark a subscription's first charge.
_FIRST, _LATER = "first", "later"
_DESCRIPTIONS = (
    ("subscription creation", _FIRST),
    ("subscription update", _LATER),
    ("payment for invoice", _LATER),
)
_MINUTE_S = 60


def intent_of(invoice: Object) -> str | None:
    """Return the intent that paid an invoice, else the charge. None if the invoice names neither."""
    named = ref(invoice.get("payment_intent")) or ref(child(invoice, "charge").get("payment_intent"))
    return named or _intent_in_payments(invoice) or ref(invoice.get("charge"))


def facts_of_invoice(invoice: Object, fields: Mapping[str, Any]) -> tuple[str, ...]:
    times = child(invoice, "status_transitions")
    kind = _FIRST if invoice.get("billing_reason") == "subscription_create" else _LATER
    return _facts(kind, invoice, fields, (times.get("finalized_at"), times.get("paid_at")))


def facts_of_session(session: Object, event: Object, fields: Mapping[str, Any]) -> tuple[str, ...]:
    """For a session that started a subscription. Its own creation time says nothing about the charge."""
    return _facts(_FIRST, session, fields, (event.get("created"),))


def facts_of_charge(charge: Object, event: Object, fields: Mapping[str, Any]) -> tuple[str, ...]:
    """For an intent or a charge. Empty unless it was made for an invoice."""
    kind = _kind_of(charge)
    return _facts(kind, charge, fields, (charge.get("created"), event.get("created"))) if kind else ()


def is_later_charge(charge: Object) -> bool:
    """Return whether this is an automatic charge of a subscription, without a checkout."""
    return (text(charge.get("description")) or "").lower().startswith("subscription update")


def _intent_in_payments(invoice: Object) -> str | None:
    """Return the intent of the paid payment, else of any: failed attempts are listed too."""
    listed = child(invoice, "payments").get("data")
    payments = [child(item) for item in listed] if isinstance(listed, list) else []
    payments.sort(key=lambda payment: payment.get("status") != "paid")
    intents = (ref(child(payment, "payment").get("payment_intent")) for payment in payments)
    return next((intent for intent in intents if intent), None)


def _kind_of(charge: Object) -> str | None:
    description = (text(charge.get("description")) or "").lower()
    return next((kind for words, kind in _DESCRIPTIONS if description.startswith(words)), None)


def _facts(kind: str, source: Object, fields: Mapping[str, Any], times: Iterable[Any]) -> tuple[str, ...]:
    customer = ref(source.get("customer"))
    if customer is None:
        return ()
    # Each time claims its own minute and the next, so two times less than a minute apart share one.
    minutes = {second // _MINUTE_S + step for time in times if (second := integer(time)) for step in (0, 1)}
    sale = f"invoiced:stripe:{customer}:{fields['amount_minor']}:{fields['currency']}:{kind}"
    return tuple(f"{sale}:{minute}" for minute in sorted(minutes))
