"""The buyer in Stripe's objects."""

from typing import Any

from orylo_ingest.gateways.fields import child, first, text
from orylo_ingest.gateways.stripe.reading import Object, charge_of
from orylo_ingest.privacy.person import Person


def buyer_of(source: Object) -> Person:
    contact = _contact(source)
    person = Person(
        email=text(contact.get("email")) or text(source.get("receipt_email")) or text(source.get("customer_email")),
        phone=text(contact.get("phone")) or text(source.get("customer_phone")),
        name=text(contact.get("name")) or text(source.get("customer_name")),
        document=_tax_document(source, contact),
        currency=text(source.get("currency")),
    )
    if address := child(contact, "address"):
        person.city, person.state = text(address.get("city")), text(address.get("state"))
        person.zip, person.country = text(address.get("postal_code")), text(address.get("country"))
    if evidence := child(source, "evidence"):
        person.email = text(evidence.get("customer_email_address"))
        person.name = text(evidence.get("customer_name"))
    if person.email is None:
        person.email = text(child(source, "customer").get("email"))
    return person


def _contact(source: Object) -> Object:
    """Return the part of the object that holds the buyer's email, phone, name and address."""
    if source.get("object") == "customer":
        return source
    if source.get("object") == "invoice":
        return {"address": source.get("customer_address")}
    charge = charge_of(source)
    return (
        child(charge, "billing_details")
        or child(source, "customer_details")
        or child(source, "billing_details")
        or child(source, "last_payment_error", "payment_method", "billing_details")
        or child(source, "shipping")
    )


def _tax_document(source: Object, contact: Object) -> str | None:
    tax_id = first(contact, "tax_ids") or first(source, "customer_tax_ids")
    return text(tax_id.get("value")) or text(contact.get("tax_id")) or _in_custom_fields(source.get("custom_fields"))


def _in_custom_fields(custom_fields: Any) -> str | None:
    """Return the tax document from a custom field: Brazilian checkouts ask for it there."""
    for field in custom_fields if isinstance(custom_fields, list) else ():
        key = text(child(field).get("key")) or ""
        if "cpf" in key.lower() or "cnpj" in key.lower():
            return text(child(field, "text").get("value")) or text(child(field, "numeric").get("value"))
    return None
