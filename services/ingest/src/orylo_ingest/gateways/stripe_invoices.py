"""How the two sides of a Stripe sale by invoice recognise each other: a subscription's charge is one payment.

One side knows the invoice (`invoice.paid`, a subscription's `checkout.session.completed`), the other the payment intent
(`payment_intent.succeeded`, `charge.succeeded`). Up to API version 2025-03-31 each named the other, and so does an
invoice whose `payments` are expanded. Otherwise nothing in either body leads to the other, and a sale would be told
twice. What both do know is the customer, the amount, and when it was made and paid: each side therefore also claims
facts made of these, of which one that is taken is enough to stay silent.

Nobody else claims them: an intent or a charge only where Stripe itself made it for an invoice, which its description
says. So two purchases of one customer at one price stay two, however close. Two *invoices* of one customer over the
same amount within two minutes do not: they are told as one.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from orylo_ingest.gateways.fields import child, integer, text

# What Stripe writes into `description` by itself, and whether it is a subscription's first charge.
_FIRST, _LATER = "first", "later"
_DESCRIPTIONS = (
    ("subscription creation", _FIRST),
    ("subscription update", _LATER),
    ("payment for invoice", _LATER),
)
_MINUTE_S = 60

Object = Mapping[str, Any]


def ref(value: Any) -> str | None:
    """The id of an object that is named, or expanded in place."""
    return text(value.get("id")) if isinstance(value, dict) else text(value)


def intent_of(invoice: Object) -> str | None:
    """The intent that paid an invoice, or the charge where there was none, if the invoice names it."""
    named = ref(invoice.get("payment_intent")) or ref(child(invoice, "charge").get("payment_intent"))
    return named or _intent_in_payments(invoice) or ref(invoice.get("charge"))


def _intent_in_payments(invoice: Object) -> str | None:
    """Attempts that failed are listed too."""
    listed = child(invoice, "payments").get("data")
    payments = [child(item) for item in listed] if isinstance(listed, list) else []
    payments.sort(key=lambda payment: payment.get("status") != "paid")
    intents = (ref(child(payment, "payment").get("payment_intent")) for payment in payments)
    return next((intent for intent in intents if intent), None)


def facts_of_invoice(invoice: Object, fields: Mapping[str, Any]) -> tuple[str, ...]:
    times = child(invoice, "status_transitions")
    kind = _FIRST if invoice.get("billing_reason") == "subscription_create" else _LATER
    return _facts(kind, invoice, fields, (times.get("finalized_at"), times.get("paid_at")))


def facts_of_session(session: Object, event: Object, fields: Mapping[str, Any]) -> tuple[str, ...]:
    """Of a session that began a subscription. When it was opened says nothing about the charge."""
    return _facts(_FIRST, session, fields, (event.get("created"),))


def facts_of_charge(charge: Object, event: Object, fields: Mapping[str, Any]) -> tuple[str, ...]:
    """Of an intent or a charge, if it was made for an invoice."""
    kind = _kind_of(charge)
    return _facts(kind, charge, fields, (charge.get("created"), event.get("created"))) if kind else ()


def is_later_charge(charge: Object) -> bool:
    """Whether a subscription charged by itself, with nobody at a checkout."""
    return (text(charge.get("description")) or "").lower().startswith("subscription update")


def _kind_of(charge: Object) -> str | None:
    description = (text(charge.get("description")) or "").lower()
    return next((kind for words, kind in _DESCRIPTIONS if description.startswith(words)), None)


def _facts(kind: str, source: Object, fields: Mapping[str, Any], times: Iterable[Any]) -> tuple[str, ...]:
    customer = ref(source.get("customer"))
    if customer is None:
        return ()
    # A time claims its own minute and the next: two that are less than a minute apart have one in common.
    minutes = {second // _MINUTE_S + step for time in times if (second := integer(time)) for step in (0, 1)}
    sale = f"invoiced:stripe:{customer}:{fields['amount_minor']}:{fields['currency']}:{kind}"
    return tuple(f"{sale}:{minute}" for minute in sorted(minutes))
