"""Kiwify: its own webhook, the flat body of an abandoned cart, and the simplified JSON of relays.

Amounts are integer cents: `charge_amount` is what the buyer was charged, the interest of instalments included. Times
are São Paulo's, unless the gateway is set to another zone (`orylo gateway set … --timezone`).

Kiwify's own webhooks are proven by `?signature=`, HMAC-SHA1 over the raw body. Where an order comes wrapped
(`{url, signature, order}`, as the panel's log shows it), the signature inside is over the order alone, and nothing but
that order is kept. The simplified JSON is a relay's, and in native mode too it is proven as relays prove:
`X-Signature: sha256=<hex>`, HMAC-SHA256 over the raw body with one of the gateway's secrets, whatever other signature
it brings. In HMAC mode every form has to be signed so. Relays write `value` in decimal major units, and `created_at` as
ISO 8601 (São Paulo's unless it has a zone) or in Unix seconds or milliseconds.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

from orylo_common.control.models import GatewaySecret
from orylo_common.messages import (
    CheckoutAbandoned,
    DisputeLost,
    GatewayFact,
    PaymentCreated,
    PaymentFailed,
    PaymentRefunded,
    PaymentSucceeded,
)
from orylo_common.money import to_minor
from orylo_ingest.gateways.attribution import tracking
from orylo_ingest.gateways.authentication import authenticate_own_or_relayed, matching_digest
from orylo_ingest.gateways.fields import SAO_PAULO, Stamps, any_moment, child, integer, present, required, text
from orylo_ingest.gateways.port import (
    AuthenticationFailed,
    Document,
    Envelope,
    EventRow,
    Ignored,
    NotUnderstood,
    RawWebhook,
    Told,
)
from orylo_ingest.metrics import count_variant
from orylo_ingest.privacy.person import Person

SIGNATURE_PARAMETER = "signature"
# The address is the merchant's own, with one parameter added.
_MAX_PARAMETERS = 100
# A wrapper has three members and an order of a few KiB: whoever has proven nothing makes us look at little more.
_MAX_MEMBERS = 8
_MAX_WRAPPED_BYTES = 128 * 1024
_DECODER = json.JSONDecoder(strict=False)
# Between the keys and the values of an object.
_BETWEEN = re.compile(r"[ \t\r\n,:]*")

_METHODS = {"credit_card": "card"}
# What the panel's test button sends, whoever presses it.
_TEST_PRODUCT = "Example product"

Order = Mapping[str, Any]
Reader = Callable[[Order, Stamps], Told | Ignored]


class Kiwify:
    name = "kiwify"

    def authenticate(self, webhook: RawWebhook, secrets: Sequence[GatewaySecret], now: datetime) -> UUID:
        return authenticate_own_or_relayed(webhook, secrets, _authenticate_own, _is_relayed)

    def envelope(self, document: Document) -> Envelope:
        order = _order(document)
        if _is_simplified(order):
            status, purchase_id = text(order.get("status")) or "unknown", text(order.get("purchase_id"))
            return Envelope(status, f"{purchase_id}:{status}" if purchase_id else None)
        if _is_cart(order):
            cart_id = text(order.get("id"))
            return Envelope("abandoned", f"cart:{cart_id}" if cart_id else None)
        event, order_id = text(order.get("webhook_event_type")), text(order.get("order_id"))
        if event is None or order_id is None:
            return Envelope(event or "unknown")
        # Only an attempt to charge can be repeated in earnest.
        again = f":{text(order.get('updated_at'))}" if event in _REPEATABLE else ""
        return Envelope(event, f"{order_id}:{event}{again}", test=_is_test(order))

    def person(self, document: Document) -> Person:
        order = _order(document)
        buyer = child(order, "Customer") or child(order, "buyer") or (order if _is_cart(order) else {})
        country = text(buyer.get("country"))
        return Person(
            email=text(buyer.get("email")),
            phone=text(buyer.get("mobile")) or text(buyer.get("phone")),
            # A number without its country code is one of the platform's home.
            phone_region=country or "BR",
            name=text(buyer.get("full_name")) or text(buyer.get("name")),
            document=next((value for key in ("CPF", "cpf", "cnpj", "CNPJ") if (value := text(buyer.get(key)))), None),
            city=text(buyer.get("city")),
            state=text(buyer.get("state")),
            zip=text(buyer.get("zipcode")),
            country=country,
        )

    def normalise(self, document: Document, received_at: datetime, zone: tzinfo | None = None) -> Told | Ignored:
        order, stamps = _order(document), Stamps(self.name, received_at, zone or SAO_PAULO)
        if _is_simplified(order):
            return _simplified(order, stamps.zone)
        if _is_cart(order):
            return _cart(order, stamps)
        row = EVENTS.get(required(order.get("webhook_event_type"), "webhook_event_type"))
        if row is None:
            raise NotUnderstood("an event that Kiwify does not document")
        return Ignored(row.note) if row.read is None else row.read(order, stamps)

    def events(self) -> Sequence[EventRow]:
        rows = [EventRow(native, row.tells, row.note) for native, row in EVENTS.items()]
        simplified = [
            EventRow(f"{status} (simplified)", (message,), "from a relay") for status, message in _STATUSES.items()
        ]
        cart = EventRow("abandoned", (CheckoutAbandoned,), "an abandoned cart")
        return [*rows, cart, *simplified, EventRow("any other", (), "Kiwify does not document it", "quarantined")]


def _authenticate_own(webhook: RawWebhook, secrets: Sequence[GatewaySecret]) -> UUID:
    if signature := _signature_in(webhook.query_string):
        return matching_digest(webhook.body, signature, secrets, "sha1")
    if wrapped := _wrapped(webhook.body):
        signature, order = wrapped
        secret_id = matching_digest(order, signature, secrets, "sha1")
        webhook.narrow(order)
        count_variant("kiwify", "wrapped")
        return secret_id
    raise AuthenticationFailed(
        "signature_missing",
        "The signature parameter is missing from the address: Kiwify adds it by itself. Set a token on the "
        "webhook in Kiwify's panel, and the same one here.",
    )


def _is_relayed(document: Any) -> bool:
    """Kiwify sends no such body."""
    return isinstance(document, dict) and _is_simplified(_order(document))


def _signature_in(query_string: str) -> str | None:
    try:
        return dict(parse_qsl(query_string, max_num_fields=_MAX_PARAMETERS)).get(SIGNATURE_PARAMETER)
    except ValueError:
        raise AuthenticationFailed(
            "signature_malformed", f"The address has more than {_MAX_PARAMETERS} parameters."
        ) from None


def _order(document: Document) -> Order:
    """The order, also where the panel's log wraps it."""
    return child(document, "order") or document


def _wrapped(body: bytes) -> tuple[str, bytes] | None:
    """The signature and the order that a body wraps, to the byte: no parser gives back what it has read."""
    if len(body) > _MAX_WRAPPED_BYTES:
        return None
    try:
        # Each byte a character, so that places in the text are places in the body.
        members = list(islice(_members(body.decode("latin-1")), _MAX_MEMBERS + 1))
    except (ValueError, IndexError, RecursionError):
        return None
    signature = next((value.strip('"') for key, value in members if key == "signature"), None)
    orders = [value.encode("latin-1") for key, value in members if key == "order"]
    if signature is None or not orders:
        return None
    if len(orders) > 1 or len(members) > _MAX_MEMBERS:
        raise AuthenticationFailed("signature_malformed", "There is not exactly one order that can have been signed.")
    return signature, orders[0]


def _members(text_: str) -> Iterator[tuple[Any, str]]:
    """Each key of a JSON object with its value as it is written, also where a key comes twice."""
    at = _skip(text_, text_.index("{") + 1)
    while text_[at] != "}":
        key, at = _DECODER.raw_decode(text_, at)
        start = _skip(text_, at)
        _, at = _DECODER.raw_decode(text_, start)
        yield key, text_[start:at]
        at = _skip(text_, at)


def _skip(text_: str, at: int) -> int:
    between = _BETWEEN.match(text_, at)
    return between.end() if between else at


def _is_simplified(order: Order) -> bool:
    return "purchase_id" in order


def _is_cart(order: Order) -> bool:
    return order.get("status") == "abandoned" and "checkout_link" in order


# --- What each event tells ---------------------------------------------------------------------------------


def _waiting(order: Order, stamps: Stamps) -> Told:
    return _told(PaymentCreated, order, stamps.first(order, "created_at", "updated_at"), "created")


def _paid(order: Order, stamps: Stamps) -> Told:
    return _told(PaymentSucceeded, order, stamps.first(order, "approved_date", "updated_at"), "paid")


def _refused(order: Order, stamps: Stamps) -> Told:
    told = _told(PaymentFailed, order, stamps.first(order, "updated_at", "created_at"), "failed")
    told.fields.update(present(failure_code=text(order.get("card_rejection_reason"))))
    # An order can be refused more than once before it is paid.
    (fact,) = told.facts
    return Told(told.message, told.occurred_at, told.fields, (f"{fact}:{text(order.get('updated_at'))}",))


def _refunded(order: Order, stamps: Stamps) -> Told:
    told = _told(PaymentRefunded, order, stamps.first(order, "refunded_at", "updated_at"), "refunded")
    told.fields.update(full=True, refunded_minor=told.fields["amount_minor"])
    return told


def _charged_back(order: Order, stamps: Stamps) -> Told:
    told = _told(DisputeLost, order, stamps.first(order, "updated_at"), "charged_back")
    told.fields.update(dispute_id=told.fields["payment_id"], reason="chargeback")
    return told


def _told(message: type[GatewayFact], order: Order, at: datetime, what: str) -> Told:
    payment_id = f"kiwify:{required(order.get('order_id'), 'order_id')}"
    commissions, product = child(order, "Commissions"), child(order, "Product")
    amount = integer(commissions.get("charge_amount"))
    if amount is None:
        raise NotUnderstood("Commissions.charge_amount is no whole number")
    currency = text(commissions.get("product_base_price_currency")) or text(commissions.get("currency"))
    method = text(order.get("payment_method"))
    fields = {
        "payment_id": payment_id,
        "amount_minor": amount,
        "currency": required(currency, "currency").upper(),
        **present(
            payment_method=_METHODS.get(method, method) if method else None,
            installments=integer(order.get("installments")),
            card=_card(order),
            ip=text(child(order, "Customer").get("ip")),
            tracking=tracking(child(order, "TrackingParameters")),
            order_id=text(order.get("order_ref")),
            subscription=_subscription(order),
            products=_products(product, commissions),
        ),
    }
    return Told(message, at, fields, (f"{what}:{payment_id}",))


def _simplified(order: Order, zone: tzinfo) -> Told:
    message = _STATUSES.get((text(order.get("status")) or "").lower())
    if message is None:
        raise NotUnderstood("a status that is neither completed nor pending")
    payment_id = f"kiwify:{required(order.get('purchase_id'), 'purchase_id')}"
    currency = required(order.get("currency"), "currency").upper()
    try:
        amount_minor = to_minor(required(order.get("value"), "value"), currency)
    except ValueError:
        raise NotUnderstood("the value is no amount") from None
    fields = {
        "payment_id": payment_id,
        "amount_minor": amount_minor,
        "currency": currency,
        "tracking": tracking(order),
    }
    what = "paid" if message is PaymentSucceeded else "created"
    at, written = any_moment(order.get("created_at"), "created_at", zone)
    count_variant("kiwify", f"created_at_{written}")
    return Told(message, at, fields, (f"{what}:{payment_id}",))


def _cart(order: Order, stamps: Stamps) -> Told:
    checkout_id = f"kiwify:{required(order.get('id'), 'id')}"
    at = stamps.first(order, "created_at")
    fields = {"checkout_id": checkout_id, **present(products=_products(order, {}))}
    return Told(CheckoutAbandoned, at, fields, (f"abandoned:{checkout_id}",))


# --- Where the data is -------------------------------------------------------------------------------------


def _card(order: Order) -> dict[str, Any] | None:
    if order.get("payment_method") != "credit_card":
        return None
    return present(last4=text(order.get("card_last4digits")), brand=text(order.get("card_type"))) or None


def _subscription(order: Order) -> dict[str, Any] | None:
    subscription = child(order, "Subscription")
    subscription_id = text(order.get("subscription_id")) or text(subscription.get("id"))
    if subscription_id is None:
        return None
    # The whole history, this charge included where it was paid.
    charged = child(subscription, "charges").get("completed")
    recurrence = len(charged) if isinstance(charged, list) and charged else None
    return present(
        subscription_id=subscription_id,
        recurrence=recurrence,
        plan=text(child(subscription, "plan").get("name")),
        renewal=order.get("webhook_event_type") in _RENEWALS or None,
    )


def _products(product: Order, commissions: Order) -> list[dict[str, Any]] | None:
    product_id = text(product.get("product_id"))
    if product_id is None:
        return None
    price = integer(commissions.get("product_base_price"))
    return [present(product_id=product_id, name=text(product.get("product_name")), price_minor=price)]


def _is_test(order: Order) -> bool:
    product = child(order, "Product")
    return product.get("product_name") == _TEST_PRODUCT and "product_offer_id" not in product


# --- The table ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Row:
    tells: tuple[type[GatewayFact], ...]
    read: Reader | None
    note: str = ""


_RENEWALS = frozenset({"subscription_renewed", "subscription_late"})
_REPEATABLE = frozenset({"order_rejected", "subscription_late"})
_STATUSES: Mapping[str, type[GatewayFact]] = {"completed": PaymentSucceeded, "pending": PaymentCreated}

EVENTS: Mapping[str, _Row] = {
    "order_approved": _Row((PaymentSucceeded,), _paid, "a first or only charge"),
    "subscription_renewed": _Row((PaymentSucceeded,), _paid, "a renewal, with an order of its own"),
    "order_rejected": _Row((PaymentFailed,), _refused, "the card was refused"),
    "subscription_late": _Row((PaymentFailed,), _refused, "a renewal that could not be charged"),
    "pix_created": _Row((PaymentCreated,), _waiting, "a Pix is waiting to be paid"),
    "billet_created": _Row((PaymentCreated,), _waiting, "a boleto is waiting to be paid"),
    "order_refunded": _Row((PaymentRefunded,), _refunded, "in full"),
    "chargeback": _Row((DisputeLost,), _charged_back, "the card's bank took the money back"),
    "subscription_canceled": _Row((), None, "a subscription's state; its payments are told by their own events"),
}
