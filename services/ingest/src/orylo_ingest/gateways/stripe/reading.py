"""Read the parts that Stripe's objects have in common."""

from collections.abc import Mapping
from typing import Any

from orylo_common.messages import GatewayFact
from orylo_ingest.documents.parsing import Document
from orylo_ingest.gateways.attribution import tracking
from orylo_ingest.gateways.fields import child, first, integer, moment, present, required, text
from orylo_ingest.gateways.port import NormalisedEvent, PaymentLink, UnprocessableEvent

Object = Mapping[str, Any]
# Stripe sends these with two decimals, which the currencies do not have.
_HUNDREDFOLD = frozenset({"ISK", "UGX"})


def normalised(
    message: type[GatewayFact],
    event: Document,
    source: Object,
    fields: dict[str, Any],
    *facts: str,
    link: PaymentLink | None = None,
) -> NormalisedEvent:
    customer = ref(source.get("customer"))
    return NormalisedEvent(
        message=message,
        occurred_at=moment(event.get("created"), "created"),
        fields=fields,
        facts=facts,
        gateway_customer=f"stripe:{customer}" if customer else None,
        link=link,
    )


def paid_facts(payment_id: str, invoice: Any) -> tuple[str, ...]:
    """Return the facts of a payment: its own id and, for events that know no other, the id of its invoice."""
    invoice_id = ref(invoice)
    by_invoice = f"paid:stripe:{invoice_id}" if invoice_id else None
    paid = f"paid:{payment_id}"
    return (paid, by_invoice) if by_invoice and by_invoice != paid else (paid,)


def payment_fields(source: Object, payment_id: str, *, amount: Any = None) -> dict[str, Any]:
    currency = required(source.get("currency"), "currency").upper()
    charge = charge_of(source)
    details = child(charge, "payment_method_details") or child(source, "last_payment_error", "payment_method")
    card = child(details, "card")
    metadata = child(source, "metadata") or child(charge, "metadata")
    fields = {
        "payment_id": payment_id,
        "amount_minor": minor_units(source.get("amount") if amount is None else amount, currency),
        "currency": currency,
        **checkout_metadata(metadata),
    }
    method = text(details.get("type")) or _only(source.get("payment_method_types"))
    if method:
        fields["payment_method"] = method
    if card:
        fields["card"] = _card(card)
        installments = integer(child(card, "installments", "plan").get("count"))
        if installments:
            fields["installments"] = installments
    return fields


def _card(card: Object) -> dict[str, Any]:
    return present(
        last4=text(card.get("last4")),
        brand=text(card.get("brand")),
        country=text(card.get("country")),
        fingerprint=text(card.get("fingerprint")),
        funding=text(card.get("funding")),
        # Only on accounts for which Stripe enabled it.
        bin=text(card.get("iin")),
    )


def checkout_metadata(metadata: Object) -> dict[str, Any]:
    """Return the tracking data that the merchant put into the metadata at checkout, the only place for it."""
    if not metadata:
        return {}
    return present(
        order_id=text(metadata.get("order_id")),
        ip=text(metadata.get("client_ip")) or text(metadata.get("client_ip_address")),
        user_agent=text(metadata.get("client_user_agent")),
        tracking=tracking(metadata),
    )


def charge_of(source: Object) -> Object:
    """Return the charge: the object itself, expanded in it, or (before API version 2022-11-15) listed in the intent."""
    if source.get("object") == "charge":
        return source
    return child(source, "latest_charge") or child(source, "charge") or first(source, "charges", "data")


def ref(value: Any) -> str | None:
    """Return the id of an object that is referenced or expanded."""
    return text(value.get("id")) if isinstance(value, dict) else text(value)


def charge_payment_id(charge: Object) -> str:
    """Return the id of a charge's intent, or of the charge if it has no intent."""
    return f"stripe:{ref(charge.get('payment_intent')) or required(charge.get('id'), 'id')}"


def named_payment_id(source: Object) -> str:
    """Return the id of the payment that a refund, a dispute or a warning is about."""
    intent = ref(source.get("payment_intent")) or ref(child(source, "charge").get("payment_intent"))
    return f"stripe:{intent or required(ref(source.get('charge')), 'charge')}"


def stripe_id(value: Any, field: str) -> str:
    return f"stripe:{required(value, field)}"


def minor_units(amount: Any, currency: str) -> int:
    minor = integer(amount)
    if minor is None:
        raise UnprocessableEvent("the amount is not an integer")
    return minor // 100 if currency in _HUNDREDFOLD else minor


def _only(methods: Any) -> str | None:
    return text(methods[0]) if isinstance(methods, list) and len(methods) == 1 else None
