"""Invoices, mostly of subscriptions."""

from typing import Any

from orylo_common.messages import PaymentFailed, PaymentSucceeded
from orylo_ingest.documents.parsing import Document
from orylo_ingest.gateways.fields import child, first, integer, present, required, text
from orylo_ingest.gateways.port import IgnoredEvent, NormalisedEvent
from orylo_ingest.gateways.stripe.payment_links import intent_of, link_of_invoice, link_of_invoice_payment
from orylo_ingest.gateways.stripe.reading import (
    Object,
    checkout_metadata,
    minor_units,
    normalised,
    paid_facts,
    payment_fields,
    ref,
)
from orylo_ingest.metrics import count_variant


def invoice_paid(invoice: Object, event: Document) -> NormalisedEvent | IgnoredEvent:
    if invoice.get("amount_paid") is None:
        return IgnoredEvent("nothing was paid")
    fields = _invoice_payment(invoice, invoice.get("amount_paid"))
    count_variant("stripe", "invoice_alone" if intent_of(invoice) is None else "invoice_with_intent")
    facts = paid_facts(fields["payment_id"], invoice.get("id"))
    link = link_of_invoice(invoice, fields["amount_minor"])
    return normalised(PaymentSucceeded, event, invoice, fields, *facts, link=link)


def invoice_failed(invoice: Object, event: Document) -> NormalisedEvent | IgnoredEvent:
    fields = _invoice_payment(invoice, invoice.get("amount_due")) | {"failure_code": "invoice_payment_failed"}
    charge = ref(invoice.get("charge"))
    fields |= present(attempt_id=charge)
    attempt = charge or f"attempt-{invoice.get('attempt_count')}"
    link = link_of_invoice(invoice, fields["amount_minor"], event.get("created"), attempt=attempt)
    if link and charge:
        link = link._replace(charge_attempt=charge, invoice_attempt=None)
    return normalised(PaymentFailed, event, invoice, fields, f"failed:{fields['payment_id']}:{attempt}", link=link)


def invoice_payment_changed(payment: Object, event: Document) -> NormalisedEvent | IgnoredEvent:
    """Read which intent or charge pays which invoice: from API version 2025-03-31 on, no other event names both."""
    return IgnoredEvent("invoice.paid reports the same", link_of_invoice_payment(payment))


def _invoice_payment(invoice: Object, amount: Any) -> dict[str, Any]:
    fields = payment_fields(invoice, f"stripe:{intent_of(invoice) or required(invoice.get('id'), 'id')}", amount=amount)
    # Up to 2025-03 an invoice named its subscription itself.
    parent = child(invoice, "parent", "subscription_details") or child(invoice, "subscription_details")
    subscription = ref(parent.get("subscription")) or ref(invoice.get("subscription"))
    line = first(invoice, "lines", "data")
    price = child(line, "pricing", "price_details") or child(line, "price")
    if subscription:
        fields["subscription"] = present(
            subscription_id=subscription,
            recurrence=1 if invoice.get("billing_reason") == "subscription_create" else None,
            renewal=invoice.get("billing_reason") == "subscription_cycle" or None,
            plan=ref(price.get("price")) or text(price.get("id")),
        )
    fields |= {key: value for key, value in checkout_metadata(child(parent, "metadata")).items() if not fields.get(key)}
    product = ref(price.get("product"))
    if product:
        fields["products"] = [
            present(
                product_id=product,
                name=text(line.get("description")),
                quantity=integer(line.get("quantity")) or 1,
                price_minor=minor_units(line.get("amount"), fields["currency"]),
            )
        ]
    return fields
