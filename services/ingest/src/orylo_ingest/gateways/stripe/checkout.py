"""Checkout sessions."""

from typing import Any

from orylo_common.messages import CheckoutAbandoned, PaymentCreated, PaymentFailed, PaymentSucceeded
from orylo_ingest.documents.parsing import Document
from orylo_ingest.gateways.attribution import tracking
from orylo_ingest.gateways.fields import child, integer, present, required, text
from orylo_ingest.gateways.port import IgnoredEvent, NormalisedEvent
from orylo_ingest.gateways.stripe.invoice_facts import facts_of_session, intent_of
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
    if session.get("mode") == "setup" or integer(session.get("amount_total")) == 0:
        return IgnoredEvent("nothing to pay: the session's total is 0")
    fields = _session_payment(session)
    if session.get("payment_status") in ("paid", "no_payment_required"):
        alone = session.get("mode") == "subscription" and _intent_of_session(session) is None
        links = facts_of_session(session, event, fields) if alone else ()
        facts = paid_facts(fields["payment_id"], session.get("invoice"))
        return normalised(PaymentSucceeded, event, session, fields, *facts, *links)
    return normalised(PaymentCreated, event, session, fields, f"created:{fields['payment_id']}")


def session_failed(session: Object, event: Document) -> NormalisedEvent | IgnoredEvent:
    fields = _session_payment(session) | {"failure_code": "async_payment_failed"}
    return normalised(PaymentFailed, event, session, fields, f"failed:{fields['payment_id']}:{session.get('id')}")


def session_expired(session: Object, event: Document) -> NormalisedEvent | IgnoredEvent:
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
