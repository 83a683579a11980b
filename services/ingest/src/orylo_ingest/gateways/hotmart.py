"""Hotmart: webhook 2.0.0, the older postback 1.0 as form or JSON, and the simplified JSON of relays.

Amounts are what the buyer was charged: `full_price`, with the interest of instalments, and not `price`.

Hotmart's own webhooks are proven by the token (*hottok*), in the header or, in the older form, in the body. The
simplified JSON is a relay's, and in native mode too it is proven as relays prove: `X-Signature: sha256=<hex>`,
HMAC-SHA256 over the raw body with one of the gateway's secrets, whatever token it brings. The token travels with every
one of Hotmart's webhooks, so give the relay a secret of its own (`orylo gateway secret add … --label relay`). In HMAC
mode every form has to be signed so, and no token counts.

A status is understood as it comes and as the documentation spells it. In 2.0.0 the event decides, whatever the status.
Relays write `amount` in decimal major units, and `event_time` as ISO 8601 (São Paulo's unless it has a zone) or in Unix
seconds or milliseconds.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Literal
from uuid import UUID

from orylo_common.control.models import GatewaySecret
from orylo_common.messages import (
    CheckoutAbandoned,
    DisputeLost,
    GatewayFact,
    PaymentCanceled,
    PaymentCreated,
    PaymentFailed,
    PaymentRefunded,
    PaymentSucceeded,
)
from orylo_common.money import to_minor
from orylo_ingest.gateways.attribution import tracking
from orylo_ingest.gateways.authentication import authenticate_own_or_relayed, matching_token
from orylo_ingest.gateways.fields import (
    SAO_PAULO,
    any_moment,
    child,
    integer,
    iso_moment,
    moment,
    present,
    required,
    text,
)
from orylo_ingest.gateways.port import (
    Document,
    Envelope,
    EventRow,
    Ignored,
    NotUnderstood,
    RawWebhook,
    Told,
    UnreadableBody,
)
from orylo_ingest.metrics import count_variant
from orylo_ingest.privacy.hashing import is_token
from orylo_ingest.privacy.person import Person

TOKEN_HEADER = "X-HOTMART-HOTTOK"  # noqa: S105  the header's name
TOKEN_FIELD = "hottok"  # noqa: S105  the field's name

# What the panel's test button sends, whoever presses it.
_TEST_TRANSACTION = "HP16015479281022"

_METHODS = {
    "CREDIT_CARD": "card",
    "DEBIT_CARD": "card",
    "BILLET": "boleto",
    "FINANCED_BILLET": "boleto",
    "PIX": "pix",
    "PAYPAL": "paypal",
    "PAYPAL_INTERNACIONAL": "paypal",
}


@dataclass(frozen=True, slots=True)
class _Sale:
    """A purchase, in whichever of the formats it came. `price` is what was charged; `told_at` may be unknown."""

    transaction: str
    price: Any
    currency: str
    told_at: datetime
    ordered_at: datetime | None
    paid_at: datetime | None
    fields: dict[str, Any]
    refusal: str | None = None
    refunded_in_part: bool = False


Reader = Callable[[_Sale], Told | Ignored]
Form = Literal["2.0.0", "1.0", "1.0 cart", "1.0 subscription", "simplified", "unknown"]
# Forms that name no event of their own.
_EVENT_OF: Mapping[Form, str] = {"1.0 cart": "cart abandonment", "1.0 subscription": "subscription cancellation"}


class Hotmart:
    name = "hotmart"

    def authenticate(self, webhook: RawWebhook, secrets: Sequence[GatewaySecret], now: datetime) -> UUID:
        return authenticate_own_or_relayed(webhook, secrets, _authenticate_own, _is_relayed)

    def envelope(self, document: Document) -> Envelope:
        form = _form(document)
        if form == "2.0.0":
            event_id = text(document.get("id"))
            data = child(document, "data")
            test = _is_test(child(data, "product").get("id"), child(data, "purchase").get("transaction"))
            return Envelope(text(document.get("event")) or "unknown", event_id, event_id, test=test)
        status = text(document.get("status"))
        order = text(document.get("transaction")) or text(document.get("order_id"))
        if status and order:
            return Envelope(status, f"{order}:{status.lower()}", test=_is_test(document.get("prod"), order))
        return Envelope(_EVENT_OF.get(form, "unknown"))

    def person(self, document: Document) -> Person:
        data = child(document, "data")
        if data:
            return _person_v2(data)
        if "customer" in document:
            customer = child(document, "customer")
            return Person(email=text(customer.get("email")), phone=text(customer.get("phone")))
        return _person_v1(document)

    def normalise(self, document: Document, received_at: datetime, zone: tzinfo | None = None) -> Told | Ignored:
        form = _form(document)
        count_variant(self.name, form)
        match form:
            case "2.0.0":
                return _normalise_v2(document)
            case "1.0":
                return _by_status(document, lambda: _sale_v1(document, received_at))
            case "simplified":
                return _by_status(document, lambda: _sale_simplified(document, zone or SAO_PAULO))
            case "1.0 cart":
                return _cart_v1(document, received_at)
            case "1.0 subscription":
                return Ignored(_SUBSCRIPTION.note)
            case "unknown":
                raise NotUnderstood("neither a Hotmart webhook 2.0.0, nor 1.0, nor the simplified form")

    def events(self) -> Sequence[EventRow]:
        rows = [EventRow(native, row.tells, row.note) for native, row in EVENTS.items()]
        older = [EventRow(f"{status} (1.0, simplified)", row.tells, row.note) for status, row in STATUSES.items()]
        return [*rows, *older, EventRow("any other", (), "Hotmart does not document it", "quarantined")]


def _authenticate_own(webhook: RawWebhook, secrets: Sequence[GatewaySecret]) -> UUID:
    token = webhook.headers.get(TOKEN_HEADER)
    if token is not None:
        return matching_token(token, secrets)
    try:
        document = webhook.unproven_document()
    except UnreadableBody:
        document = None
    secret_id = matching_token(document.get(TOKEN_FIELD) if isinstance(document, dict) else None, secrets)
    count_variant("hotmart", "token_in_body")
    return secret_id


def _is_relayed(document: Any) -> bool:
    """Hotmart sends no such body."""
    return isinstance(document, dict) and _form(document) == "simplified"


def _form(document: Document) -> Form:
    """Which of the forms a body has. How it has to be proven and how it is read both follow from this alone."""
    if "event" in document:
        return "2.0.0"
    if "transaction" in document:
        return "1.0"
    if "order_id" in document and "customer" in document:
        return "simplified"
    if "buyerVO" in document:
        return "1.0 cart"
    return "1.0 subscription" if "subscriberCode" in document else "unknown"


def _is_test(product: Any, transaction: Any) -> bool:
    return (type(product) in (int, str) and str(product) == "0") or transaction == _TEST_TRANSACTION


# --- What each event tells ---------------------------------------------------------------------------------


def _created(sale: _Sale) -> Told:
    return _told(PaymentCreated, sale, "created")


def _succeeded(sale: _Sale) -> Told:
    return _told(PaymentSucceeded, sale, "paid", at=sale.paid_at)


def _completed(sale: _Sale) -> Told:
    # Weeks later: it is dated as near to the approval as it says.
    return _told(PaymentSucceeded, sale, "paid", at=sale.paid_at or sale.ordered_at)


def _failed(sale: _Sale) -> Told:
    # The same transaction can be refused once; a renewal has a transaction of its own.
    return _told(PaymentFailed, sale, "failed", **present(failure_code=sale.refusal))


def _expired(sale: _Sale) -> Told:
    return _told(PaymentCanceled, sale, "canceled", cancellation_reason="expired")


def _canceled(sale: _Sale) -> Told:
    return _told(PaymentCanceled, sale, "canceled", cancellation_reason="blocked")


def _refunded(sale: _Sale) -> Told | Ignored:
    if sale.refunded_in_part:
        return Ignored(_PART.note)
    told = _told(PaymentRefunded, sale, "refunded", full=True)
    told.fields["refunded_minor"] = told.fields["amount_minor"]
    return told


def _charged_back(sale: _Sale) -> Told:
    return _told(DisputeLost, sale, "charged_back", dispute_id=f"hotmart:{sale.transaction}", reason="chargeback")


def _told(message: type[GatewayFact], sale: _Sale, what: str, *, at: datetime | None = None, **own: Any) -> Told:
    payment_id = f"hotmart:{sale.transaction}"
    try:
        amount_minor = to_minor(sale.price, sale.currency)
    except ValueError:
        raise NotUnderstood("the price is no amount") from None
    money = {"payment_id": payment_id, "amount_minor": amount_minor, "currency": sale.currency}
    return Told(message, at or sale.told_at, {**sale.fields, **money, **own}, (f"{what}:{payment_id}",))


def _by_status(document: Document, read_sale: Callable[[], _Sale]) -> Told | Ignored:
    status = required(document.get("status"), "status").lower()
    row = STATUSES.get(status)
    if row is None:
        raise NotUnderstood("a status that Hotmart does not document")
    _count_spelling(status)
    return Ignored(row.note) if row.read is None else row.read(read_sale())


def _count_spelling(status: str) -> None:
    if status in _SALES_API_STATUSES:
        count_variant("hotmart", f"status_{status}")


# --- Webhook 2.0.0 -----------------------------------------------------------------------------------------


def _normalise_v2(document: Document) -> Told | Ignored:
    event = required(document.get("event"), "event")
    row = EVENTS.get(event)
    if row is None:
        raise NotUnderstood("an event that Hotmart does not document")
    if event == "PURCHASE_OUT_OF_SHOPPING_CART":
        return _cart_v2(document)
    return Ignored(row.note) if row.read is None else row.read(_sale_v2(document))


def _sale_v2(document: Document) -> _Sale:
    data = child(document, "data")
    purchase, product, payment = child(data, "purchase"), child(data, "product"), child(data, "purchase", "payment")
    transaction = required(purchase.get("transaction"), "purchase.transaction")
    charged = child(purchase, "full_price") or child(purchase, "price")
    bump = child(purchase, "order_bump")
    status = (text(purchase.get("status")) or "").lower()
    _count_spelling(status)
    fields = present(
        payment_method=_method(payment.get("type")),
        installments=integer(payment.get("installments_number")),
        tracking=tracking(child(purchase, "origin"), purchase.get("sckPaymentLink")),
        subscription=_subscription_v2(data, purchase),
        order_bump=bump.get("is_order_bump") is True or None,
        order_bump_of=_bumped(bump) if bump.get("is_order_bump") is True else None,
        ip=text(purchase.get("buyer_ip")),
        products=_products(product.get("id"), product.get("name"), child(purchase, "price")),
    )
    return _Sale(
        transaction=transaction,
        price=charged.get("value"),
        currency=required(charged.get("currency_value"), "currency_value").upper(),
        told_at=_created_at(document),
        ordered_at=_from_ms(purchase.get("order_date"), "order_date"),
        paid_at=_from_ms(purchase.get("approved_date"), "approved_date"),
        fields=fields,
        refusal=text(payment.get("refusal_reason")),
        refunded_in_part=status == "partially_refunded",
    )


def _cart_v2(document: Document) -> Told:
    data = child(document, "data")
    event_id = required(document.get("id"), "id")
    product = child(data, "product")
    fields = {
        "checkout_id": f"hotmart:{event_id}",
        **present(products=_products(product.get("id"), product.get("name"), {})),
    }
    return Told(CheckoutAbandoned, _created_at(document), fields, (f"abandoned:hotmart:{event_id}",))


def _created_at(document: Document) -> datetime:
    # Some events of the members' area spell it in camel case.
    made = document.get("creation_date", document.get("creationDate"))
    return _from_ms(made, "creation_date") or moment(None, "creation_date")


def _from_ms(value: Any, what: str) -> datetime | None:
    milliseconds = integer(value)
    return None if milliseconds is None else moment(milliseconds / 1000, what)


def _subscription_v2(data: Mapping[str, Any], purchase: Mapping[str, Any]) -> dict[str, Any] | None:
    subscription = child(data, "subscription")
    if not subscription:
        return None
    return present(
        subscription_id=text(child(subscription, "subscriber").get("code")),
        recurrence=integer(purchase.get("recurrence_number")),
        plan=text(child(subscription, "plan").get("name")),
    )


def _bumped(bump: Mapping[str, Any]) -> str | None:
    parent = text(bump.get("parent_purchase_transaction"))
    return f"hotmart:{parent}" if parent else None


def _person_v2(data: Mapping[str, Any]) -> Person:
    buyer = child(data, "buyer") or child(data, "subscriber") or child(data, "user")
    buyer = buyer or child(data, "subscription", "user")
    address = child(buyer, "address")
    country = text(address.get("country_iso")) or text(child(data, "purchase", "checkout_country").get("iso"))
    country = country or text(child(data, "checkout_country").get("iso"))
    number = text(buyer.get("checkout_phone")) or text(buyer.get("phone"))
    return Person(
        email=text(buyer.get("email")),
        phone=_phone(number, text(buyer.get("checkout_phone_code"))),
        phone_as_sent=number,
        phone_region=country,
        name=text(buyer.get("name")),
        first_name=text(buyer.get("first_name")),
        last_name=text(buyer.get("last_name")),
        document=text(buyer.get("document")),
        city=text(address.get("city")),
        state=text(address.get("state")),
        zip=text(address.get("zipcode")),
        country=country,
    )


# --- Postback 1.0 and the simplified form ------------------------------------------------------------------


def _sale_v1(document: Document, received_at: datetime) -> _Sale:
    confirmed, ordered = text(document.get("confirmation_purchase_date")), text(document.get("purchase_date"))
    paid_at = iso_moment(confirmed, "confirmation_purchase_date") if confirmed else None
    ordered_at = iso_moment(ordered, "purchase_date") if ordered else None
    # Nothing tells when a later status was reached, only when it reached us.
    early = str(document.get("status")).lower() in _AT_THE_ORDER
    transaction = required(document.get("transaction"), "transaction")
    fields = present(
        payment_method=_method(document.get("payment_type")),
        installments=integer(document.get("installments_number")),
        tracking=tracking(document),
        subscription=_subscription_v1(document),
        order_bump=str(document.get("order_bump")).lower() in ("true", "1") or None,
        products=_products(
            document.get("prod"),
            document.get("prod_name"),
            {"value": document.get("price"), "currency_value": document.get("currency")},
        ),
    )
    return _Sale(
        transaction=transaction,
        price=text(document.get("full_price")) or text(document.get("price")),
        currency=required(document.get("currency"), "currency").upper(),
        told_at=(ordered_at if early else None) or received_at,
        ordered_at=ordered_at,
        paid_at=paid_at,
        fields=fields,
        refusal=text(document.get("refusal_reason")),
    )


def _sale_simplified(document: Document, zone: tzinfo) -> _Sale:
    product = text(document.get("product_id"))
    at, written = any_moment(document.get("event_time"), "event_time", zone)
    count_variant("hotmart", f"event_time_{written}")
    return _Sale(
        transaction=required(document.get("order_id"), "order_id"),
        price=document.get("amount"),
        currency=required(document.get("currency"), "currency").upper(),
        told_at=at,
        ordered_at=at,
        paid_at=at,
        fields=present(
            tracking=tracking(document), products=_products(product, None, {}), order_id=text(document.get("order_id"))
        ),
    )


def _cart_v1(document: Document, received_at: datetime) -> Told:
    product = text(document.get("productId"))
    fields = present(products=_products(product, document.get("productName"), {}))
    fields["checkout_id"] = f"hotmart:cart-{product}-{int(received_at.timestamp())}"
    # Without an id, the same body is the same cart.
    return Told(CheckoutAbandoned, received_at, fields, ())


def _subscription_v1(document: Document) -> dict[str, Any] | None:
    code = text(document.get("subscriber_code"))
    if code is None:
        return None
    plan = text(document.get("name_subscription_plan"))
    return present(subscription_id=code, recurrence=integer(document.get("recurrency")), plan=plan)


def _person_v1(document: Document) -> Person:
    buyer = child(document, "buyerVO") or document
    number = text(buyer.get("phone_checkout_number")) or text(buyer.get("phone_number")) or text(buyer.get("phone"))
    area = text(buyer.get("phone_checkout_local_code")) or text(buyer.get("phone_local_code"))
    country = text(buyer.get("address_country_ISO")) or text(buyer.get("address_country"))
    return Person(
        email=text(buyer.get("email")) or text(buyer.get("userEmail")),
        phone=_phone(number, area),
        phone_as_sent=number,
        # The carts of this format name no country; its checkouts were Brazilian.
        phone_region=country or "BR",
        name=text(buyer.get("name")) or text(buyer.get("userName")),
        first_name=text(buyer.get("first_name")),
        last_name=text(buyer.get("last_name")),
        document=text(buyer.get("doc")),
        city=text(buyer.get("address_city")),
        state=text(buyer.get("address_state")),
        zip=text(buyer.get("address_zip_code")),
        country=country,
    )


# --- Shared ------------------------------------------------------------------------------------------------


def _method(value: Any) -> str | None:
    name = text(value)
    return _METHODS.get(name.upper(), name.lower()) if name else None


def _phone(number: str | None, area: str | None) -> str | None:
    """Some checkouts split the area code off, others send the number with area or country code in it."""
    if number is None or area is None or is_token(number):
        return number
    digits, code = ("".join(filter(str.isdecimal, part)) for part in (number, area))
    joined = digits if digits.startswith(code) else code + digits
    return joined if len(joined) <= 11 else number


def _products(identifier: Any, name: Any, price: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    product_id = text(identifier)
    if product_id is None:
        return None
    currency, value = text(price.get("currency_value")), text(price.get("value"))
    price_minor = None
    if currency and value:
        try:
            price_minor = to_minor(value, currency.upper())
        except ValueError:
            raise NotUnderstood("the price is no amount") from None
    return [present(product_id=product_id, name=text(name), price_minor=price_minor)]


@dataclass(frozen=True, slots=True)
class _Row:
    tells: tuple[type[GatewayFact], ...]
    read: Reader | None
    note: str = ""


def _ignored(reason: str) -> _Row:
    return _Row((), None, reason)


_PAID = _Row((PaymentSucceeded,), _succeeded, "a first charge or a renewal")
_WAITING = _Row((PaymentCreated,), _created, "a boleto or a Pix is waiting to be paid")
_REFUSED = _Row((PaymentFailed,), _failed, "refused")
_LATE = _Row((PaymentFailed,), _failed, "a renewal that could not be charged")
_RUN_OUT = _Row((PaymentCanceled,), _expired, "a boleto or a Pix that was not paid")
_REFUND = _Row((PaymentRefunded,), _refunded, "in full; of a partial one nothing tells how much went back: ignored")
_PART = _ignored("a partial refund: nothing tells how much went back")
_CHARGEBACK = _Row((DisputeLost,), _charged_back, "the card's bank took the money back")
_GUARANTEE = _Row((PaymentSucceeded,), _completed, "the guarantee is over: tells the sale only if nothing did")
_BLOCKED = _Row((PaymentCanceled,), _canceled, "the gateway stopped the sale")
_BEGUN = _Row((PaymentCreated,), _created, "begun, and not paid yet")
_REVIEW = _ignored("Hotmart looks at the sale: the outcome has a status of its own")
_PROTEST = _ignored("the buyer asks for a refund: no bank's dispute, and no money has moved")
_SUBSCRIPTION = _ignored("a subscription's state; its payments are told by their own events")
_MEMBERS = _ignored("the members' area, not a payment")
_CART = _Row((CheckoutAbandoned,), None, "an abandoned cart")

EVENTS: Mapping[str, _Row] = {
    "PURCHASE_APPROVED": _PAID,
    "PURCHASE_COMPLETE": _GUARANTEE,
    "PURCHASE_BILLET_PRINTED": _WAITING,
    "PURCHASE_CANCELED": _REFUSED,
    "PURCHASE_DELAYED": _LATE,
    "PURCHASE_EXPIRED": _RUN_OUT,
    "PURCHASE_PROTEST": _PROTEST,
    "PURCHASE_REFUNDED": _REFUND,
    "PURCHASE_CHARGEBACK": _CHARGEBACK,
    "PURCHASE_OUT_OF_SHOPPING_CART": _CART,
    "SUBSCRIPTION_CANCELLATION": _SUBSCRIPTION,
    "SWITCH_PLAN": _SUBSCRIPTION,
    "UPDATE_SUBSCRIPTION_CHARGE_DATE": _SUBSCRIPTION,
    "CLUB_FIRST_ACCESS": _MEMBERS,
    "CLUB_MODULE_COMPLETED": _MEMBERS,
    "ORDER_FULFILLMENT": _ignored("logistics, not a payment"),
}

# As the form posts and the real webhooks of 2.0.0 write them.
_POSTED: Mapping[str, _Row] = {
    "approved": _PAID,
    "completed": _GUARANTEE,
    "billet_printed": _WAITING,
    "canceled": _REFUSED,
    "rejected": _REFUSED,
    "delayed": _LATE,
    "expired": _RUN_OUT,
    "dispute": _PROTEST,
    "refunded": _REFUND,
    "chargeback": _CHARGEBACK,
    "blocked": _BLOCKED,
    "wayting_payment": _WAITING,
}
# As the documentation lists them, which is the list of the sales API.
_SALES_API_STATUSES: Mapping[str, _Row] = {
    "cancelled": _REFUSED,
    "complete": _GUARANTEE,
    "no_funds": _REFUSED,
    "overdue": _LATE,
    "partially_refunded": _PART,
    "pre_order": _BEGUN,
    "printed_billet": _WAITING,
    "processing_transaction": _BEGUN,
    "started": _BEGUN,
    "under_analisys": _REVIEW,
    "under_analysis": _REVIEW,
    "waiting_payment": _WAITING,
}
STATUSES: Mapping[str, _Row] = {**_POSTED, **_SALES_API_STATUSES}
# Reached when the order was placed, or so soon after that its time is the order's.
_AT_THE_ORDER = frozenset(
    {status for status, row in STATUSES.items() if row in (_WAITING, _BEGUN, _REFUSED)} | {"approved"}
)
