"""Disputes and early fraud warnings."""

from collections.abc import Mapping

from orylo_common.messages import DisputeLost, DisputeOpened, DisputeWon, FraudWarningReceived
from orylo_ingest.documents.parsing import Document
from orylo_ingest.gateways.fields import child, present, required, text
from orylo_ingest.gateways.port import IgnoredEvent, NormalisedEvent
from orylo_ingest.gateways.stripe.reading import Object, normalised, payment_fields, ref

# ISO 4217 for “no currency”: an early fraud warning names a payment but no amount.
_NO_CURRENCY = "XXX"
_DISPUTES: Mapping[str, type[DisputeOpened | DisputeWon | DisputeLost]] = {
    "needs_response": DisputeOpened,
    "under_review": DisputeOpened,
    "won": DisputeWon,
    "lost": DisputeLost,
}


def dispute_changed(dispute: Object, event: Document) -> NormalisedEvent | IgnoredEvent:
    status = required(dispute.get("status"), "status")
    if status.startswith("warning_") or child(dispute, "payment_method_details", "card").get("case_type") == "inquiry":
        return IgnoredEvent("an inquiry; no money moves")
    message = _DISPUTES.get(status)
    if message is None:
        return IgnoredEvent(f"dispute status {status}: neither open, won nor lost")
    dispute_id = required(dispute.get("id"), "id")
    fields = payment_fields(dispute, _disputed_payment_id(dispute))
    fields |= present(dispute_id=dispute_id, reason=text(dispute.get("reason")))
    return normalised(message, event, dispute, fields, f"dispute:{dispute_id}:{message.__name__}")


def fraud_warning_received(warning: Object, event: Document) -> NormalisedEvent | IgnoredEvent:
    warning_id = required(warning.get("id"), "id")
    charge = child(warning, "charge")
    fields = {
        **(payment_fields(charge, "") if charge else {"amount_minor": 0, "currency": _NO_CURRENCY}),
        "payment_id": _disputed_payment_id(warning),
        "warning_id": warning_id,
        **present(fraud_type=text(warning.get("fraud_type"))),
    }
    return normalised(FraudWarningReceived, event, charge, fields, f"warning:{warning_id}")


def _disputed_payment_id(source: Object) -> str:
    """Return the id of the payment that a dispute or a warning is about."""
    intent = ref(source.get("payment_intent")) or ref(child(source, "charge").get("payment_intent"))
    return f"stripe:{intent or required(ref(source.get('charge')), 'charge')}"
