"""Disputes and early fraud warnings."""

from collections.abc import Mapping

from orylo_common.messages import DisputeLost, DisputeOpened, DisputeWon, FraudWarningReceived
from orylo_ingest.documents.parsing import Document
from orylo_ingest.gateways.fields import child, first, integer, present, required, text
from orylo_ingest.gateways.port import IgnoredEvent, NormalisedEvent, PaymentLink
from orylo_ingest.gateways.stripe.reading import Object, named_payment_id, normalised, payment_fields

# ISO 4217 for “no currency”: an early fraud warning names a payment but no amount.
_NO_CURRENCY = "XXX"
DisputeMessage = type[DisputeOpened | DisputeWon | DisputeLost]
_BY_STATUS: Mapping[str, DisputeMessage] = {
    "needs_response": DisputeOpened,
    "under_review": DisputeOpened,
    "won": DisputeWon,
    "lost": DisputeLost,
}
_WITHDRAWN, _REINSTATED = "charge.dispute.funds_withdrawn", "charge.dispute.funds_reinstated"
# Each says that money moved, also if the status does not say so (yet).
_BY_MOVEMENT: Mapping[str, DisputeMessage] = {_WITHDRAWN: DisputeOpened, _REINSTATED: DisputeWon}


def dispute_changed(dispute: Object, event: Document) -> NormalisedEvent | IgnoredEvent:
    status, event_type = required(dispute.get("status"), "status"), required(event.get("type"), "type")
    message = _BY_STATUS.get(status) or _BY_MOVEMENT.get(event_type)
    if event_type == _REINSTATED and message is DisputeLost and not _is_short(dispute):
        # A lost dispute was decided again.
        message = DisputeWon
    if status.startswith("warning_") and message is None:
        return IgnoredEvent("an inquiry; no money moves")
    if message is None:
        return IgnoredEvent(f"dispute status {status}: neither open, won nor lost")
    if message is DisputeOpened and _is_inquiry(dispute, event_type):
        return IgnoredEvent("an inquiry; no money moves")
    dispute_id = required(dispute.get("id"), "id")
    payment_id = named_payment_id(dispute)
    fields = payment_fields(dispute, payment_id)
    fields |= present(dispute_id=dispute_id, reason=text(dispute.get("reason")))
    fact = f"dispute:{dispute_id}:{message.__name__}"
    return normalised(message, event, dispute, fields, fact, link=PaymentLink(charge_id=payment_id))


def fraud_warning_received(warning: Object, event: Document) -> NormalisedEvent | IgnoredEvent:
    warning_id = required(warning.get("id"), "id")
    charge = child(warning, "charge")
    payment_id = named_payment_id(warning)
    fields = {
        **(payment_fields(charge, "") if charge else {"amount_minor": 0, "currency": _NO_CURRENCY}),
        "payment_id": payment_id,
        "warning_id": warning_id,
        **present(fraud_type=text(warning.get("fraud_type"))),
    }
    link = PaymentLink(charge_id=payment_id)
    return normalised(FraudWarningReceived, event, charge, fields, f"warning:{warning_id}", link=link)


def _is_inquiry(dispute: Object, event_type: str) -> bool:
    """Return whether an open dispute is only an inquiry: the bank asks, and has not moved any money."""
    case_type = child(dispute, "payment_method_details", "card").get("case_type")
    moved = event_type in _BY_MOVEMENT or first(dispute, "balance_transactions")
    return case_type == "inquiry" and not moved


def _is_short(dispute: Object) -> bool:
    """Return whether only a part of the disputed money came back, as for a charge that was refunded in part before."""
    moved = dispute.get("balance_transactions")
    amounts = [integer(child(each).get("amount")) or 0 for each in moved] if isinstance(moved, list) else []
    return sum(amounts) < 0 < max(amounts, default=0)
