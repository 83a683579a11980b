"""Payment intents and charges."""

from typing import Any

from orylo_common.messages import PaymentCanceled, PaymentCreated, PaymentFailed, PaymentRefunded, PaymentSucceeded
from orylo_ingest.documents.parsing import Document
from orylo_ingest.gateways.fields import child, first, present, required, text
from orylo_ingest.gateways.port import IgnoredEvent, NormalisedEvent
from orylo_ingest.gateways.stripe.invoice_facts import facts_of_charge, is_later_charge
from orylo_ingest.gateways.stripe.reading import (
    Object,
    minor_units,
    normalised,
    paid_facts,
    payment_fields,
    ref,
    stripe_id,
)


def intent_created(intent: Object, event: Document) -> NormalisedEvent | IgnoredEvent:
    payment_id = stripe_id(intent.get("id"), "id")
    return normalised(PaymentCreated, event, intent, payment_fields(intent, payment_id), f"created:{payment_id}")


def intent_authorized(intent: Object, event: Document) -> NormalisedEvent | IgnoredEvent:
    payment_id = stripe_id(intent.get("id"), "id")
    return normalised(PaymentCreated, event, intent, payment_fields(intent, payment_id), f"authorized:{payment_id}")


def intent_succeeded(intent: Object, event: Document) -> NormalisedEvent | IgnoredEvent:
    payment_id = stripe_id(intent.get("id"), "id")
    fields = payment_fields(intent, payment_id, amount=intent.get("amount_received") or intent.get("amount"))
    return _succeeded(intent, event, fields)


def intent_failed(intent: Object, event: Document) -> NormalisedEvent | IgnoredEvent:
    payment_id = stripe_id(intent.get("id"), "id")
    error = child(intent, "last_payment_error")
    attempt = ref(error.get("charge")) or ref(intent.get("latest_charge"))
    fields = payment_fields(intent, payment_id) | present(
        failure_code=text(error.get("decline_code")) or text(error.get("code")), attempt_id=attempt
    )
    return normalised(PaymentFailed, event, intent, fields, f"failed:{payment_id}:{attempt or event.get('id')}")


def intent_canceled(intent: Object, event: Document) -> NormalisedEvent | IgnoredEvent:
    payment_id = stripe_id(intent.get("id"), "id")
    fields = payment_fields(intent, payment_id) | present(cancellation_reason=text(intent.get("cancellation_reason")))
    return normalised(PaymentCanceled, event, intent, fields, f"canceled:{payment_id}")


def charge_succeeded(charge: Object, event: Document) -> NormalisedEvent | IgnoredEvent:
    payment_id = _charge_payment_id(charge)
    if charge.get("captured") is False:
        return normalised(PaymentCreated, event, charge, payment_fields(charge, payment_id), f"authorized:{payment_id}")
    fields = payment_fields(charge, payment_id, amount=charge.get("amount_captured") or charge.get("amount"))
    return _succeeded(charge, event, fields)


def charge_pending(charge: Object, event: Document) -> NormalisedEvent | IgnoredEvent:
    payment_id = _charge_payment_id(charge)
    return normalised(PaymentCreated, event, charge, payment_fields(charge, payment_id), f"created:{payment_id}")


def charge_failed(charge: Object, event: Document) -> NormalisedEvent | IgnoredEvent:
    payment_id = _charge_payment_id(charge)
    attempt = required(charge.get("id"), "id")
    outcome = child(charge, "outcome")
    blocked = "blocked" if outcome.get("type") == "blocked" else None
    fields = payment_fields(charge, payment_id) | present(
        failure_code=blocked or text(outcome.get("reason")) or text(charge.get("failure_code")), attempt_id=attempt
    )
    return normalised(PaymentFailed, event, charge, fields, f"failed:{payment_id}:{attempt}")


def charge_expired(charge: Object, event: Document) -> NormalisedEvent | IgnoredEvent:
    payment_id = _charge_payment_id(charge)
    fields = payment_fields(charge, payment_id) | {"cancellation_reason": "authorization_expired"}
    return normalised(PaymentCanceled, event, charge, fields, f"canceled:{payment_id}")


def charge_refunded(charge: Object, event: Document) -> NormalisedEvent | IgnoredEvent:
    payment_id = _charge_payment_id(charge)
    fields = payment_fields(charge, payment_id, amount=charge.get("amount_captured") or charge.get("amount"))
    refunded = minor_units(charge.get("amount_refunded"), fields["currency"])
    fields |= {"refunded_minor": refunded, "full": charge.get("refunded") is True}
    fields |= present(refund_id=text(first(charge, "refunds", "data").get("id")))
    # The total of all refunds so far, so that each refund is a new fact.
    return normalised(PaymentRefunded, event, charge, fields, f"refunded:{payment_id}:{refunded}")


def _succeeded(charge: Object, event: Document, fields: dict[str, Any]) -> NormalisedEvent:
    """`charge` is a charge or an intent."""
    if is_later_charge(charge):
        fields["subscription"] = {"renewal": True}
    invoice = _invoice_of(charge)
    links = () if invoice else facts_of_charge(charge, event, fields)
    return normalised(PaymentSucceeded, event, charge, fields, *paid_facts(fields["payment_id"], invoice), *links)


def _charge_payment_id(charge: Object) -> str:
    """Return the id of the intent, or of the charge if it has no intent."""
    return f"stripe:{ref(charge.get('payment_intent')) or required(charge.get('id'), 'id')}"


def _invoice_of(source: Object) -> Any:
    """Return the id of the invoice that an intent or a charge pays, if it names one."""
    reference = source.get("invoice") or child(source, "payment_details").get("order_reference")
    identifier = ref(reference)
    return identifier if identifier and identifier.startswith("in_") else None
