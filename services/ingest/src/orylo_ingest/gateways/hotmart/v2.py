"""Webhook 2.0.0."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

from orylo_common.messages import CheckoutAbandoned
from orylo_ingest.documents.parsing import Document
from orylo_ingest.gateways.attribution import tracking
from orylo_ingest.gateways.fields import (
    amount,
    any_moment_or_none,
    child,
    first,
    flag,
    integer,
    present,
    required,
    text,
)
from orylo_ingest.gateways.hotmart.reading import payment_method, products
from orylo_ingest.gateways.hotmart.sale import Sale
from orylo_ingest.gateways.hotmart.table import EVENTS, count_spelling
from orylo_ingest.gateways.phones import phone_with_area
from orylo_ingest.gateways.port import IgnoredEvent, NormalisedEvent, UnprocessableEvent
from orylo_ingest.metrics import count_variant
from orylo_ingest.privacy.person import Person

# Each commission is rounded to a cent.
_ROUNDING = 0.05


def normalise_v2(document: Document, received_at: datetime, zone: tzinfo) -> NormalisedEvent | IgnoredEvent:
    event = required(document.get("event"), "event")
    row = EVENTS.get(event)
    if row is None:
        raise UnprocessableEvent("an event that Hotmart does not document")
    if event == "PURCHASE_OUT_OF_SHOPPING_CART":
        return cart_v2(document, received_at, zone)
    return IgnoredEvent(row.note) if row.read is None else row.read(sale_v2(document, received_at, zone))


def sale_v2(document: Document, received_at: datetime, zone: tzinfo) -> Sale:
    data = child(document, "data")
    purchase, product, payment = child(data, "purchase"), child(data, "product"), child(data, "purchase", "payment")
    transaction = required(purchase.get("transaction"), "purchase.transaction")
    full_price, price = child(purchase, "full_price"), child(purchase, "price")
    charged = price if full_price.get("value") in (None, "") else full_price
    bump = child(purchase, "order_bump")
    is_bump = flag(bump.get("is_order_bump"))
    status = (text(purchase.get("status")) or "").lower()
    count_spelling(status)
    fields = present(
        payment_method=payment_method(payment.get("type")),
        installments=integer(payment.get("installments_number")),
        tracking=tracking(child(purchase, "origin"), purchase.get("sckPaymentLink")),
        subscription=_subscription_v2(data, purchase),
        order_bump=is_bump or None,
        order_bump_of=_bumped_payment(bump) if is_bump else None,
        affiliate_id=text(first(data, "affiliates").get("affiliate_code")),
        ip=text(purchase.get("buyer_ip")),
        products=products(product.get("id"), product.get("name"), child(purchase, "price")),
    )
    currency = text(charged.get("currency_value")) or _currency_elsewhere(data, purchase)
    return Sale(
        transaction=transaction,
        price=charged.get("value"),
        currency=required(currency, "currency_value").upper(),
        reported_at=_created_at(document, received_at, zone),
        ordered_at=_moment(purchase, "order_date", zone),
        paid_at=_moment(purchase, "approved_date", zone),
        fields=fields,
        decline_reason=text(payment.get("refusal_reason")),
        refunded_in_part=status == "partially_refunded",
    )


def _currency_elsewhere(data: Mapping[str, Any], purchase: Mapping[str, Any]) -> str | None:
    """Return the currency of the purchase from another amount of it, or None if none proves it.

    In a foreign sale the offer has the producer's currency and the commissions are in US dollars. They have the
    buyer's currency only if the offer has the same value as the price, or the commissions add up to it.
    """
    price, offer = child(purchase, "price"), child(purchase, "original_offer_price")
    value = amount((price or child(purchase, "full_price")).get("value"))
    listed = data.get("commissions")
    commissions = [child(each) for each in listed] if isinstance(listed, list) else []
    currencies = {text(each.get("currency_value")) for each in commissions} - {None}
    total = sum(amount(each.get("value")) or 0 for each in commissions)
    currency = text(price.get("currency_value"))
    if currency is None and value is not None:
        if amount(offer.get("value")) == value:
            currency = text(offer.get("currency_value"))
        if currency is None and len(currencies) == 1 and abs(total - value) < _ROUNDING:
            currency = currencies.pop()
    if currency:
        count_variant("hotmart", "currency_elsewhere")
    return currency


def cart_v2(document: Document, received_at: datetime, zone: tzinfo) -> NormalisedEvent:
    data = child(document, "data")
    event_id = required(document.get("id"), "id")
    product = child(data, "product")
    fields = {
        "checkout_id": f"hotmart:{event_id}",
        **present(products=products(product.get("id"), product.get("name"), {})),
    }
    return NormalisedEvent(
        CheckoutAbandoned, _created_at(document, received_at, zone), fields, (f"abandoned:hotmart:{event_id}",)
    )


def person_v2(data: Mapping[str, Any]) -> Person:
    buyer = child(data, "buyer") or child(data, "subscriber") or child(data, "user")
    buyer = buyer or child(data, "subscription", "user")
    address = child(buyer, "address")
    country = text(address.get("country_iso")) or text(child(data, "purchase", "checkout_country").get("iso"))
    country = country or text(child(data, "checkout_country").get("iso"))
    number = text(buyer.get("checkout_phone")) or text(buyer.get("phone"))
    return Person(
        email=text(buyer.get("email")),
        phone=phone_with_area(number, text(buyer.get("checkout_phone_code"))),
        phone_as_sent=number,
        name=text(buyer.get("name")),
        first_name=text(buyer.get("first_name")),
        last_name=text(buyer.get("last_name")),
        document=text(buyer.get("document")),
        city=text(address.get("city")),
        state=text(address.get("state")),
        zip=text(address.get("zipcode")),
        country=country,
    )


def _created_at(document: Document, received_at: datetime, zone: tzinfo) -> datetime:
    # Some events of the members' area use camel case.
    return _moment(document, "creation_date", zone) or _moment(document, "creationDate", zone) or received_at


def _moment(node: Mapping[str, Any], field: str, zone: tzinfo) -> datetime | None:
    """Return the time: milliseconds in Hotmart's own webhooks, but relays rewrite them."""
    found = any_moment_or_none(node.get(field), field, zone)
    if found is None:
        return None
    at, notation = found
    if notation != "milliseconds":
        count_variant("hotmart", f"{field}_{notation}")
    return at


def _subscription_v2(data: Mapping[str, Any], purchase: Mapping[str, Any]) -> dict[str, Any] | None:
    subscription = child(data, "subscription")
    if not subscription:
        return None
    return present(
        subscription_id=text(child(subscription, "subscriber").get("code")),
        recurrence=integer(purchase.get("recurrence_number")),
        plan=text(child(subscription, "plan").get("name")),
    )


def _bumped_payment(bump: Mapping[str, Any]) -> str | None:
    parent = text(bump.get("parent_purchase_transaction"))
    return f"hotmart:{parent}" if parent else None
