"""Refunds: of a charge, as the total so far, and each one alone if it fails."""

from orylo_common.messages import PaymentCanceled, PaymentRefunded, PaymentRefundFailed
from orylo_ingest.documents.parsing import Document
from orylo_ingest.gateways.fields import first, present, required, text
from orylo_ingest.gateways.port import IgnoredEvent, NormalisedEvent, PaymentLink
from orylo_ingest.gateways.stripe.payment_links import link_of_charge
from orylo_ingest.gateways.stripe.reading import (
    Object,
    charge_payment_id,
    minor_units,
    named_payment_id,
    normalised,
    payment_fields,
)

# The money did not reach the payer: Stripe gave it back to the merchant, or never took it.
_NOT_REFUNDED = frozenset({"failed", "canceled"})


def charge_refunded(charge: Object, event: Document) -> NormalisedEvent | IgnoredEvent:
    """Read the total that was refunded so far. `amount_refunded` includes what was authorised but never captured."""
    payment_id = charge_payment_id(charge)
    link = link_of_charge(charge, payment_id) or PaymentLink(charge_id=payment_id)
    if charge.get("captured") is False:
        fields = payment_fields(charge, payment_id) | {"cancellation_reason": "authorization_released"}
        return normalised(PaymentCanceled, event, charge, fields, f"canceled:{payment_id}", link=link)
    fields = payment_fields(charge, payment_id, amount=charge.get("amount_captured") or charge.get("amount"))
    captured = fields["amount_minor"]
    # Negative if more was captured than authorised: none of that is released.
    uncaptured = max(0, minor_units(charge.get("amount"), fields["currency"]) - captured)
    released_and_refunded = minor_units(charge.get("amount_refunded"), fields["currency"])
    full = charge.get("refunded") is True
    refunded = captured if full else released_and_refunded - uncaptured
    if refunded <= 0:
        return IgnoredEvent("no captured money was refunded, only an authorised remainder released")
    fields |= {"refunded_minor": min(refunded, captured), "full": full or refunded >= captured}
    fields |= present(refund_id=text(first(charge, "refunds", "data").get("id")))
    # With the time: after a failed refund, another one can lead to the same total.
    fact = f"refunded:{payment_id}:{fields['refunded_minor']}:{event.get('created')}"
    return normalised(PaymentRefunded, event, charge, fields, fact, link=link)


def refund_changed(refund: Object, event: Document) -> NormalisedEvent | IgnoredEvent:
    status = required(refund.get("status"), "status")
    if status not in _NOT_REFUNDED:
        return IgnoredEvent("charge.refunded reports all refunds of a payment together")
    refund_id, payment_id = required(refund.get("id"), "id"), named_payment_id(refund)
    fields = payment_fields(refund, payment_id)
    fields |= {"refund_id": refund_id} | present(reason=text(refund.get("failure_reason")) or status)
    link = PaymentLink(charge_id=payment_id)
    return normalised(PaymentRefundFailed, event, refund, fields, f"refund_failed:{refund_id}", link=link)
