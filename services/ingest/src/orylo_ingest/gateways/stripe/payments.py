"""Payment intents and charges."""

from typing import Any

from orylo_common.messages import PaymentCanceled, PaymentCreated, PaymentFailed, PaymentSucceeded
from orylo_ingest.documents.parsing import Document
from orylo_ingest.gateways.fields import child, present, required, text
from orylo_ingest.gateways.port import IgnoredEvent, NormalisedEvent
from orylo_ingest.gateways.stripe.payment_links import (
    invoice_of,
    is_later_charge,
    link_of_charge,
    link_of_delayed_failure,
)
from orylo_ingest.gateways.stripe.reading import (
    Object,
    charge_payment_id,
    normalised,
    paid_facts,
    payment_fields,
    ref,
    stripe_id,
)


def intent_created(intent: Object, event: Document) -> NormalisedEvent | IgnoredEvent:
    payment_id = stripe_id(intent.get("id"), "id")
    return _created(intent, event, payment_id, f"created:{payment_id}")


def intent_authorized(intent: Object, event: Document) -> NormalisedEvent | IgnoredEvent:
    payment_id = stripe_id(intent.get("id"), "id")
    return _created(intent, event, payment_id, f"authorized:{payment_id}")


def intent_succeeded(intent: Object, event: Document) -> NormalisedEvent | IgnoredEvent:
    payment_id = stripe_id(intent.get("id"), "id")
    fields = payment_fields(intent, payment_id, amount=intent.get("amount_received") or intent.get("amount"))
    return _succeeded(intent, event, fields)


def intent_failed(intent: Object, event: Document) -> NormalisedEvent | IgnoredEvent:
    payment_id = stripe_id(intent.get("id"), "id")
    error = child(intent, "last_payment_error")
    charge = ref(error.get("charge"))
    if charge is None and (not error or error.get("decline_code")):
        # A bank declines only charges. Without a decline, `latest_charge` may be that of an earlier attempt.
        charge = ref(intent.get("latest_charge"))
    fields = payment_fields(intent, payment_id) | present(
        failure_code=text(error.get("decline_code")) or text(error.get("code")), attempt_id=charge
    )
    return _failed(intent, event, fields, charge or required(event.get("id"), "id"))


def intent_canceled(intent: Object, event: Document) -> NormalisedEvent | IgnoredEvent:
    payment_id = stripe_id(intent.get("id"), "id")
    return _canceled(intent, event, payment_id, text(intent.get("cancellation_reason")))


def charge_succeeded(charge: Object, event: Document) -> NormalisedEvent | IgnoredEvent:
    payment_id = charge_payment_id(charge)
    if charge.get("captured") is False:
        return _created(charge, event, payment_id, f"authorized:{payment_id}")
    fields = payment_fields(charge, payment_id, amount=charge.get("amount_captured") or charge.get("amount"))
    return _succeeded(charge, event, fields)


def charge_pending(charge: Object, event: Document) -> NormalisedEvent | IgnoredEvent:
    payment_id = charge_payment_id(charge)
    return _created(charge, event, payment_id, f"created:{payment_id}")


def charge_failed(charge: Object, event: Document) -> NormalisedEvent | IgnoredEvent:
    attempt = required(charge.get("id"), "id")
    outcome = child(charge, "outcome")
    blocked = "blocked" if outcome.get("type") == "blocked" else None
    fields = payment_fields(charge, charge_payment_id(charge)) | present(
        failure_code=blocked or text(outcome.get("reason")) or text(charge.get("failure_code")), attempt_id=attempt
    )
    return _failed(charge, event, fields, attempt)


def charge_expired(charge: Object, event: Document) -> NormalisedEvent | IgnoredEvent:
    return _canceled(charge, event, charge_payment_id(charge), "authorization_expired")


# In the functions below, `charge` is a charge or an intent.


def _created(charge: Object, event: Document, payment_id: str, fact: str) -> NormalisedEvent:
    link = link_of_charge(charge, payment_id, event.get("created"))
    return normalised(PaymentCreated, event, charge, payment_fields(charge, payment_id), fact, link=link)


def _succeeded(charge: Object, event: Document, fields: dict[str, Any]) -> NormalisedEvent:
    if is_later_charge(charge):
        fields["subscription"] = {"renewal": True}
    payment_id = fields["payment_id"]
    link = link_of_charge(charge, payment_id, event.get("created"))
    return normalised(PaymentSucceeded, event, charge, fields, *paid_facts(payment_id, invoice_of(charge)), link=link)


def _failed(charge: Object, event: Document, fields: dict[str, Any], attempt: str) -> NormalisedEvent:
    payment_id = fields["payment_id"]
    link = link_of_charge(charge, payment_id, event.get("created"), attempt=attempt)
    if link is None and fields.get("payment_method") != "card":
        link = link_of_delayed_failure(payment_id, event, attempt)
    return normalised(PaymentFailed, event, charge, fields, f"failed:{payment_id}:{attempt}", link=link)


def _canceled(charge: Object, event: Document, payment_id: str, reason: str | None) -> NormalisedEvent:
    fields = payment_fields(charge, payment_id) | present(cancellation_reason=reason)
    link = link_of_charge(charge, payment_id)
    return normalised(PaymentCanceled, event, charge, fields, f"canceled:{payment_id}", link=link)
