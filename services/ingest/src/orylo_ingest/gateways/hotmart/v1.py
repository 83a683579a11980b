"""Postback 1.0."""

from datetime import datetime, tzinfo
from typing import Any

from orylo_common.messages import CheckoutAbandoned
from orylo_ingest.documents.parsing import Document
from orylo_ingest.gateways.attribution import tracking
from orylo_ingest.gateways.fields import any_moment_or_none, child, flag, integer, present, required, text
from orylo_ingest.gateways.hotmart.reading import payment_method, products
from orylo_ingest.gateways.hotmart.sale import Sale
from orylo_ingest.gateways.hotmart.table import STATUSES_AT_ORDER
from orylo_ingest.gateways.phones import phone_with_area
from orylo_ingest.gateways.port import NormalisedEvent
from orylo_ingest.metrics import count_variant
from orylo_ingest.privacy.person import Person


def sale_v1(document: Document, received_at: datetime, zone: tzinfo) -> Sale:
    paid_at = _moment(document, "confirmation_purchase_date", zone)
    ordered_at = _moment(document, "purchase_date", zone)
    # The time of a later status is not sent: use the time of arrival.
    at_order = str(document.get("status")).lower() in STATUSES_AT_ORDER
    transaction = required(document.get("transaction"), "transaction")
    fields = present(
        payment_method=payment_method(document.get("payment_type")),
        installments=integer(document.get("installments_number")),
        tracking=tracking(document),
        subscription=_subscription_v1(document),
        affiliate_id=text(document.get("aff")),
        order_bump=flag(document.get("order_bump")) or None,
        products=products(
            document.get("prod"),
            document.get("prod_name"),
            {"value": document.get("price"), "currency_value": document.get("currency")},
        ),
    )
    return Sale(
        transaction=transaction,
        price=text(document.get("full_price")) or text(document.get("price")),
        currency=required(document.get("currency"), "currency").upper(),
        reported_at=(ordered_at if at_order else None) or received_at,
        ordered_at=ordered_at,
        paid_at=paid_at,
        fields=fields,
        decline_reason=text(document.get("refusal_reason")),
    )


def _moment(document: Document, field: str, zone: tzinfo) -> datetime | None:
    found = any_moment_or_none(document.get(field), field, zone)
    if found is None:
        return None
    at, notation = found
    if notation != "iso":
        # Platforms that copied this format write other dates than Hotmart.
        count_variant("hotmart", f"{field}_{notation}")
    return at


def cart_v1(document: Document, received_at: datetime) -> NormalisedEvent:
    product = text(document.get("productId"))
    fields = present(products=products(product, document.get("productName"), {}))
    fields["checkout_id"] = f"hotmart:cart-{product}-{int(received_at.timestamp())}"
    # The cart has no id, so only an identical body is the same cart.
    return NormalisedEvent(CheckoutAbandoned, received_at, fields, ())


def person_v1(document: Document) -> Person:
    buyer = child(document, "buyerVO") or document
    number = text(buyer.get("phone_checkout_number")) or text(buyer.get("phone_number")) or text(buyer.get("phone"))
    area = text(buyer.get("phone_checkout_local_code")) or text(buyer.get("phone_local_code"))
    country = text(buyer.get("address_country_ISO")) or text(buyer.get("address_country"))
    return Person(
        email=text(buyer.get("email")) or text(buyer.get("userEmail")),
        phone=phone_with_area(number, area),
        phone_as_sent=number,
        name=text(buyer.get("name")) or text(buyer.get("userName")),
        first_name=text(buyer.get("first_name")),
        last_name=text(buyer.get("last_name")),
        document=text(buyer.get("doc")),
        city=text(buyer.get("address_city")),
        state=text(buyer.get("address_state")),
        zip=text(buyer.get("address_zip_code")),
        country=country,
    )


def _subscription_v1(document: Document) -> dict[str, Any] | None:
    code = text(document.get("subscriber_code"))
    if code is None:
        return None
    plan = text(document.get("name_subscription_plan"))
    return present(subscription_id=code, recurrence=integer(document.get("recurrency")), plan=plan)
