"""Links between the two ids of an invoice's payment, so that all its events are reported as one payment.

Some events know the payment by its invoice (`invoice.paid`, `invoice.payment_failed`, a subscription's
`checkout.session.completed`), others by its payment intent or charge. Before API version 2025-03-31 each named the
other, and an invoice with expanded `payments` still does. Otherwise neither body refers to the other. Both know the
customer, the amount, and when the charge was made and paid, and are matched by these.

An intent or a charge is matched only if Stripe made it for an invoice, which its description shows. Two charges are
never matched with each other, nor are two invoices.
"""

from collections.abc import Iterable
from typing import Any

from orylo_ingest.gateways.fields import child, integer, text
from orylo_ingest.gateways.port import PaymentLink
from orylo_ingest.gateways.stripe.reading import Object, minor_units, ref

# The descriptions that Stripe generates, and whether they mark a subscription's first charge.
_FIRST, _LATER = "first", "later"
_DESCRIPTIONS = (
    ("subscription creation", _FIRST),
    ("subscription update", _LATER),
    ("payment for invoice", _LATER),
)


def intent_of(invoice: Object) -> str | None:
    """Return the intent that paid an invoice, else the charge. None if the invoice names neither."""
    named = ref(invoice.get("payment_intent")) or ref(child(invoice, "charge").get("payment_intent"))
    return named or _intent_in_payments(invoice) or ref(invoice.get("charge"))


def invoice_of(charge: Object) -> str | None:
    """Return the id of the invoice that an intent or a charge pays, if it names one."""
    identifier = ref(charge.get("invoice") or child(charge, "payment_details").get("order_reference"))
    return identifier if identifier and identifier.startswith("in_") else None


def link_of_invoice(invoice: Object, amount_minor: int, *times: Any, attempt: str | None = None) -> PaymentLink | None:
    """Link an invoice that was charged at `times` (Unix seconds), in addition to its own times."""
    transitions = child(invoice, "status_transitions")
    kind = _FIRST if invoice.get("billing_reason") == "subscription_create" else _LATER
    charged_at = _seconds(transitions.get("finalized_at"), transitions.get("paid_at"), *times)
    return _link_by_invoice(
        invoice, ref(invoice.get("id")), intent_of(invoice), kind, amount_minor, charged_at, attempt
    )


def link_of_invoice_payment(payment: Object) -> PaymentLink | None:
    invoice, paid_by = ref(payment.get("invoice")), child(payment, "payment")
    charge = ref(paid_by.get("payment_intent")) or ref(paid_by.get("charge"))
    return PaymentLink(f"stripe:{charge}", f"stripe:{invoice}") if invoice and charge else None


def link_of_session(
    session: Object, event: Object, intent: str | None, amount_minor: int, *, attempt: str | None = None
) -> PaymentLink | None:
    """Link a session that started a subscription. Its own creation time says nothing about the charge."""
    if session.get("mode") != "subscription":
        return None
    charged_at = _seconds(event.get("created"))
    return _link_by_invoice(session, ref(session.get("invoice")), intent, _FIRST, amount_minor, charged_at, attempt)


def link_of_charge(charge: Object, payment_id: str, *times: Any, attempt: str | None = None) -> PaymentLink | None:
    """Link an intent or a charge that was made at `times` (Unix seconds). None unless it was made for an invoice."""
    invoice, kind = invoice_of(charge), _kind_of(charge)
    if invoice is None and kind is None:
        return None
    return PaymentLink(
        charge_id=payment_id,
        invoice_id=f"stripe:{invoice}" if invoice else None,
        match_key=_match_key(charge, kind, minor_units(charge.get("amount"), _currency(charge))) if kind else None,
        charged_at=_seconds(charge.get("created"), *times),
        charge_attempt=attempt,
    )


def link_of_session_failure(payment_id: str, event: Object, attempt: str) -> PaymentLink:
    """Link the failure of a session's delayed payment with that of its intent or charge."""
    return PaymentLink(charge_id=payment_id, charged_at=_seconds(event.get("created")), invoice_attempt=attempt)


def link_of_delayed_failure(payment_id: str, event: Object, attempt: str) -> PaymentLink:
    """Link the failure of a boleto, a Pix or a bank debit, which its checkout session reports, too."""
    return PaymentLink(charge_id=payment_id, charged_at=_seconds(event.get("created")), charge_attempt=attempt)


def is_later_charge(charge: Object) -> bool:
    """Return whether this is an automatic charge of a subscription, without a checkout."""
    return (text(charge.get("description")) or "").lower().startswith("subscription update")


def _link_by_invoice(
    source: Object,
    invoice: str | None,
    intent: str | None,
    kind: str,
    amount_minor: int,
    charged_at: tuple[int, ...],
    attempt: str | None = None,
) -> PaymentLink | None:
    if invoice is None:
        return None
    return PaymentLink(
        charge_id=f"stripe:{intent}" if intent else None,
        invoice_id=f"stripe:{invoice}",
        match_key=_match_key(source, kind, amount_minor),
        charged_at=charged_at,
        invoice_attempt=attempt,
    )


def _match_key(source: Object, kind: str, amount_minor: int) -> str | None:
    customer = ref(source.get("customer"))
    return f"stripe:{customer}:{amount_minor}:{_currency(source)}:{kind}" if customer else None


def _currency(source: Object) -> str:
    return (text(source.get("currency")) or "").upper()


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


def _seconds(*times: Any) -> tuple[int, ...]:
    found: Iterable[int | None] = map(integer, times)
    return tuple(sorted({second for second in found if second}))
