"""Checkout sessions."""

from typing import Any

from orylo_common.messages import CheckoutAbandoned, PaymentCreated, PaymentFailed, PaymentSucceeded
from orylo_ingest.documents.parsing import Document
from orylo_ingest.gateways.attribution import tracking
from orylo_ingest.gateways.fields import child, first, integer, present, required, text
from orylo_ingest.gateways.port import IgnoredEvent, NormalisedEvent
from orylo_ingest.gateways.stripe.payment_links import intent_of, link_of_session, link_of_session_failure
from orylo_ingest.gateways.stripe.reading import (
    Object,
    checkout_metadata,
    minor_units,
    normalised,
    paid_facts,
    payment_fields,
    ref,
    stripe_id,
)


def session_completed(session: Object, event: Document) -> NormalisedEvent | IgnoredEvent:
    if session.get("mode") == "setup":
        return IgnoredEvent("nothing to pay: the session only stores a payment method")
    session = _with_currency(session)
    if session.get("payment_status") == "no_payment_required" and not _names_an_amount(session):
        return IgnoredEvent("nothing to pay: the session names no amount")
    fields = _session_payment(session)
    link = link_of_session(session, event, _intent_of_session(session), fields["amount_minor"])
    if session.get("payment_status") in ("paid", "no_payment_required"):
        facts = paid_facts(fields["payment_id"], session.get("invoice"))
        return normalised(PaymentSucceeded, event, session, fields, *facts, link=link)
    return normalised(PaymentCreated, event, session, fields, f"created:{fields['payment_id']}", link=link)


def session_failed(session: Object, event: Document) -> NormalisedEvent | IgnoredEvent:
    session = _with_currency(session)
    fields = _session_payment(session) | {"failure_code": "async_payment_failed"}
    attempt = required(session.get("id"), "id")
    link = link_of_session(session, event, _intent_of_session(session), fields["amount_minor"], attempt=attempt)
    link = link or link_of_session_failure(fields["payment_id"], event, attempt)
    return normalised(PaymentFailed, event, session, fields, f"failed:{fields['payment_id']}:{attempt}", link=link)


def session_expired(session: Object, event: Document) -> NormalisedEvent | IgnoredEvent:
    session = _with_currency(session)
    checkout_id = stripe_id(session.get("id"), "id")
    fields = {
        "checkout_id": checkout_id,
        **checkout_metadata(child(session, "metadata")),
        "tracking": tracking(child(session, "metadata"), session.get("client_reference_id")),
    }
    fields.pop("order_id", None)
    currency = text(session.get("currency"))
    if currency and session.get("amount_total") is not None:
        fields["currency"] = currency.upper()
        fields["amount_minor"] = minor_units(session["amount_total"], fields["currency"])
    intent = ref(session.get("payment_intent"))
    if intent:
        fields["payment_id"] = f"stripe:{intent}"
    return normalised(CheckoutAbandoned, event, session, fields, f"abandoned:{checkout_id}")


def _session_payment(session: Object) -> dict[str, Any]:
    intent, invoice = _intent_of_session(session), ref(session.get("invoice"))
    fields = payment_fields(
        session,
        f"stripe:{intent or invoice or required(session.get('id'), 'id')}",
        amount=session.get("amount_total"),
    )
    reference = session.get("client_reference_id")
    fields["tracking"] = tracking(child(session, "metadata"), reference)
    if "order_id" not in fields and "click_id" not in fields["tracking"]:
        fields |= present(order_id=text(reference))
    subscription = ref(session.get("subscription"))
    if subscription:
        fields["subscription"] = {"subscription_id": subscription, "recurrence": 1}
    return fields


def _intent_of_session(session: Object) -> str | None:
    return ref(session.get("payment_intent")) or intent_of(child(session, "invoice"))


def _names_an_amount(session: Object) -> bool:
    """Return whether there is a total and its currency. A total of 0 may come without one."""
    total = session.get("amount_total")
    return bool(total) or (total is not None and text(session.get("currency")) is not None)


def _with_currency(session: Object) -> Object:
    """Return the session with a currency, if anything in it has one, and the total in that currency."""
    if text(session.get("currency")):
        return session
    for part in (
        first(session, "line_items", "data"),
        child(session, "payment_intent"),
        child(session, "invoice"),
        child(session, "subscription"),
    ):
        if currency := text(part.get("currency")):
            return {**session, "currency": currency}
    # Both are pairs of a currency and the total in it.
    conversion, presentment = child(session, "currency_conversion"), child(session, "presentment_details")
    for currency, total in (
        (text(conversion.get("source_currency")), conversion.get("amount_total")),
        (text(presentment.get("presentment_currency")), presentment.get("presentment_amount")),
    ):
        if currency and integer(total) is not None:
            return {**session, "currency": currency, "amount_total": total}
    return session
