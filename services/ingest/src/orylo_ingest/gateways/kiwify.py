"""Kiwify: its own webhook, the flat body of an abandoned cart, and the simplified JSON of relays.

Amounts are integer cents: `charge_amount` is what the buyer was charged, with the interest of instalments. Times are
São Paulo time, unless the gateway is set to another zone (`orylo gateway set … --timezone`).

Kiwify's own webhooks are authenticated by `?signature=`, HMAC-SHA1 over the raw body. If an order arrives wrapped
(`{url, signature, order}`, as in the panel's log), the signature inside covers the order alone, and only the order is
kept. The simplified JSON comes from relays. Even in native mode it must be signed: `X-Signature: sha256=<hex>`,
HMAC-SHA256 over the raw body with one of the gateway's secrets, whatever other signature it contains. In HMAC mode
every format must be signed this way. Relays send `value` in decimal major units, and `created_at` in ISO 8601 (São
Paulo time if it has no zone) or in Unix seconds or milliseconds.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
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
from orylo_ingest.documents.parsing import Document
from orylo_ingest.gateways.attribution import tracking
from orylo_ingest.gateways.authentication import authenticate_own_or_relayed, matching_digest
from orylo_ingest.gateways.fields import (
    SAO_PAULO,
    TimestampReader,
    any_moment,
    child,
    integer,
    minor_units_of,
    present,
    required,
    text,
)
from orylo_ingest.gateways.port import (
    AuthenticationFailed,
    Envelope,
    EventMapping,
    EventRow,
    IgnoredEvent,
    NormalisedEvent,
    UnprocessableEvent,
)
from orylo_ingest.gateways.raw_webhook import RawWebhook
from orylo_ingest.metrics import count_variant
from orylo_ingest.privacy.person import Person

SIGNATURE_PARAMETER = "signature"
# The URL is the merchant's own, with one parameter added.
_MAX_PARAMETERS = 100
# A wrapper has three members and an order of a few KiB. Unauthenticated callers cannot make us parse much more.
_MAX_MEMBERS = 8
_MAX_WRAPPED_BYTES = 128 * 1024
_DECODER = json.JSONDecoder(strict=False)
# What separates the keys and values of an object.
_SEPARATORS = re.compile(r"[ \t\r\n,:]*")

_METHODS = {"credit_card": "card"}
# The product name that the panel's test button always sends.
_TEST_PRODUCT = "Example product"

Order = Mapping[str, Any]
Reader = Callable[[Order, TimestampReader], NormalisedEvent | IgnoredEvent]


class Kiwify:
    name = "kiwify"
    home_country: str | None = "BR"

    def authenticate(self, webhook: RawWebhook, secrets: Sequence[GatewaySecret], now: datetime) -> UUID:
        return authenticate_own_or_relayed(webhook, secrets, _authenticate_own, _is_relayed)

    def envelope(self, document: Document) -> Envelope:
        order = _order(document)
        if _is_simplified(order):
            status, purchase_id = (text(order.get("status")) or "unknown").lower(), text(order.get("purchase_id"))
            return Envelope(status, f"{purchase_id}:{status}" if purchase_id else None)
        if _is_cart(order):
            cart_id = text(order.get("id"))
            return Envelope("abandoned", f"cart:{cart_id}" if cart_id else None)
        event, order_id = _event_of(order), text(order.get("order_id"))
        if event is None or order_id is None:
            return Envelope(event or "unknown")
        # Only a charge attempt can happen more than once.
        attempt = f":{text(order.get('updated_at'))}" if event in _REPEATABLE else ""
        return Envelope(event, f"{order_id}:{event}{attempt}", test=_is_test(order))

    def person(self, document: Document) -> Person:
        order = _order(document)
        buyer = child(order, "Customer") or child(order, "buyer") or (order if _is_cart(order) else {})
        country = text(buyer.get("country"))
        return Person(
            email=text(buyer.get("email")),
            phone=text(buyer.get("mobile")) or text(buyer.get("phone")),
            name=text(buyer.get("full_name")) or text(buyer.get("name")),
            document=next((value for key in ("CPF", "cpf", "cnpj", "CNPJ") if (value := text(buyer.get(key)))), None),
            city=text(buyer.get("city")),
            state=text(buyer.get("state")),
            zip=text(buyer.get("zipcode")),
            country=country,
        )

    def normalise(
        self, document: Document, received_at: datetime, zone: tzinfo | None = None
    ) -> NormalisedEvent | IgnoredEvent:
        order, timestamps = _order(document), TimestampReader(self.name, received_at, zone or SAO_PAULO)
        if _is_simplified(order):
            return _simplified(order, timestamps.zone)
        if _is_cart(order):
            return _cart(order, timestamps)
        if "webhook_event_type" not in order:
            count_variant(self.name, "order_status_only")
        row = EVENTS.get(required(_event_of(order), "webhook_event_type"))
        if row is None:
            raise UnprocessableEvent("an event that Kiwify does not document")
        return IgnoredEvent(row.note) if row.read is None else row.read(order, timestamps)

    def events(self) -> Sequence[EventRow]:
        rows = [EventRow(native, row.messages, row.note) for native, row in EVENTS.items()]
        simplified = [
            EventRow(f"{status} (simplified)", (message,), "from a relay") for status, message in _STATUSES.items()
        ]
        cart = EventRow("abandoned", (CheckoutAbandoned,), "an abandoned cart")
        return [*rows, cart, *simplified, EventRow("any other", (), "Kiwify does not document it", "quarantined")]


def _event_of(order: Order) -> str | None:
    """Return the event. Older bodies have only the order's status."""
    event = text(order.get("webhook_event_type"))
    if event is not None:
        return event
    status = (text(order.get("order_status")) or "").lower()
    if status == "waiting_payment":
        return "billet_created" if order.get("payment_method") == "boleto" else "pix_created"
    return _EVENT_OF_STATUS.get(status, status) or None


def _authenticate_own(webhook: RawWebhook, secrets: Sequence[GatewaySecret]) -> UUID:
    if signature := _signature_in(webhook.query_string):
        return matching_digest(webhook.body, signature, secrets, "sha1")
    if wrapped := _wrapped(webhook.body):
        signature, order = wrapped
        secret_id = matching_digest(order, signature, secrets, "sha1")
        webhook.narrow_to(order)
        count_variant("kiwify", "wrapped")
        return secret_id
    raise AuthenticationFailed(
        "signature_missing",
        "The signature parameter is missing from the URL. Kiwify adds it automatically: set a token on the webhook in "
        "Kiwify's panel, and the same token here.",
    )


def _is_relayed(document: Any) -> bool:
    """Return whether a relay must have sent this: Kiwify sends no such body."""
    return isinstance(document, dict) and _is_simplified(_order(document))


def _signature_in(query_string: str) -> str | None:
    try:
        return dict(parse_qsl(query_string, max_num_fields=_MAX_PARAMETERS)).get(SIGNATURE_PARAMETER)
    except ValueError:
        raise AuthenticationFailed(
            "signature_malformed", f"The URL has more than {_MAX_PARAMETERS} parameters."
        ) from None


def _order(document: Document) -> Order:
    """Return the order, unwrapped if the panel's log wrapped it."""
    return child(document, "order") or document


def _wrapped(body: bytes) -> tuple[str, bytes] | None:
    """Return the signature and the order in a wrapper. The order is byte-exact, which a JSON parser cannot give."""
    if len(body) > _MAX_WRAPPED_BYTES:
        return None
    try:
        # Latin-1 maps each byte to one character, so positions in the text are positions in the body.
        members = list(islice(_members(body.decode("latin-1")), _MAX_MEMBERS + 1))
    except (ValueError, IndexError, RecursionError):
        return None
    signature = next((value.strip('"') for key, value in members if key == "signature"), None)
    orders = [value.encode("latin-1") for key, value in members if key == "order"]
    if signature is None or not orders:
        return None
    if len(orders) > 1 or len(members) > _MAX_MEMBERS:
        raise AuthenticationFailed("signature_malformed", "The body must contain exactly one order.")
    return signature, orders[0]


def _members(text_: str) -> Iterator[tuple[Any, str]]:
    """Yield each key of a JSON object with the source text of its value, including repeated keys."""
    at = _skip(text_, text_.index("{") + 1)
    while text_[at] != "}":
        key, at = _DECODER.raw_decode(text_, at)
        start = _skip(text_, at)
        _, at = _DECODER.raw_decode(text_, start)
        yield key, text_[start:at]
        at = _skip(text_, at)


def _skip(text_: str, at: int) -> int:
    separators = _SEPARATORS.match(text_, at)
    return separators.end() if separators else at


def _is_simplified(order: Order) -> bool:
    return "purchase_id" in order


def _is_cart(order: Order) -> bool:
    return order.get("status") == "abandoned" and "checkout_link" in order


def _waiting(order: Order, timestamps: TimestampReader) -> NormalisedEvent:
    return _normalised(PaymentCreated, order, timestamps.first(order, "created_at", "updated_at"), "created")


def _paid(order: Order, timestamps: TimestampReader) -> NormalisedEvent:
    return _normalised(PaymentSucceeded, order, timestamps.first(order, "approved_date", "updated_at"), "paid")


def _declined(order: Order, timestamps: TimestampReader) -> NormalisedEvent:
    event = _normalised(PaymentFailed, order, timestamps.first(order, "updated_at", "created_at"), "failed")
    event.fields.update(present(failure_code=text(order.get("card_rejection_reason"))))
    # An order can be declined more than once before it is paid.
    (fact,) = event.facts
    return NormalisedEvent(event.message, event.occurred_at, event.fields, (f"{fact}:{text(order.get('updated_at'))}",))


def _refunded(order: Order, timestamps: TimestampReader) -> NormalisedEvent:
    event = _normalised(PaymentRefunded, order, timestamps.first(order, "refunded_at", "updated_at"), "refunded")
    event.fields.update(full=True, refunded_minor=event.fields["amount_minor"])
    return event


def _charged_back(order: Order, timestamps: TimestampReader) -> NormalisedEvent:
    event = _normalised(DisputeLost, order, timestamps.first(order, "updated_at"), "charged_back")
    event.fields.update(dispute_id=event.fields["payment_id"], reason="chargeback")
    return event


def _affiliate(commissions: Mapping[str, Any]) -> str | None:
    stores = commissions.get("commissioned_stores")
    named = (child(store) for store in stores) if isinstance(stores, list) else ()
    return next(
        (text(each.get("affiliate_id") or each.get("id")) for each in named if each.get("type") == "affiliate"), None
    )


def _normalised(message: type[GatewayFact], order: Order, at: datetime, fact: str) -> NormalisedEvent:
    payment_id = f"kiwify:{required(order.get('order_id'), 'order_id')}"
    commissions, product = child(order, "Commissions"), child(order, "Product")
    amount = integer(commissions.get("charge_amount"))
    if amount is None:
        raise UnprocessableEvent("Commissions.charge_amount is not an integer")
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
            affiliate_id=_affiliate(commissions),
            subscription=_subscription(order),
            products=_products(product, commissions),
        ),
    }
    return NormalisedEvent(message, at, fields, (f"{fact}:{payment_id}",))


def _simplified(order: Order, zone: tzinfo) -> NormalisedEvent:
    message = _STATUSES.get((text(order.get("status")) or "").lower())
    if message is None:
        raise UnprocessableEvent("the status is neither completed nor pending")
    payment_id = f"kiwify:{required(order.get('purchase_id'), 'purchase_id')}"
    currency = required(order.get("currency"), "currency").upper()
    fields = {
        "payment_id": payment_id,
        "amount_minor": minor_units_of(order.get("value"), currency, "value"),
        "currency": currency,
        "tracking": tracking(order),
    }
    fact = "paid" if message is PaymentSucceeded else "created"
    at, notation = any_moment(order.get("created_at"), "created_at", zone)
    count_variant("kiwify", f"created_at_{notation}")
    return NormalisedEvent(message, at, fields, (f"{fact}:{payment_id}",))


def _cart(order: Order, timestamps: TimestampReader) -> NormalisedEvent:
    checkout_id = f"kiwify:{required(order.get('id'), 'id')}"
    at = timestamps.first(order, "created_at")
    fields = {"checkout_id": checkout_id, **present(products=_products(order, {}))}
    return NormalisedEvent(CheckoutAbandoned, at, fields, (f"abandoned:{checkout_id}",))


def _card(order: Order) -> dict[str, Any] | None:
    if order.get("payment_method") != "credit_card":
        return None
    return (
        present(
            last4=text(order.get("card_last4digits")),
            brand=text(order.get("card_type")),
            bin=text(_charge(order).get("card_first_digits")),
        )
        or None
    )


def _charge(order: Order) -> Order:
    """Return this order's charge of its subscription, which alone has the card's first digits."""
    charged = child(order, "Subscription", "charges").get("completed")
    for each in charged if isinstance(charged, list) else ():
        if isinstance(each, dict) and each.get("order_id") == order.get("order_id"):
            return each
    return {}


def _subscription(order: Order) -> dict[str, Any] | None:
    subscription = child(order, "Subscription")
    subscription_id = text(order.get("subscription_id")) or text(subscription.get("id"))
    if subscription_id is None:
        return None
    # All charges so far, including this one if it was paid.
    charged = child(subscription, "charges").get("completed")
    recurrence = len(charged) if isinstance(charged, list) and charged else None
    return present(
        subscription_id=subscription_id,
        recurrence=recurrence,
        plan=text(child(subscription, "plan").get("name")),
        renewal=_event_of(order) in _RENEWALS or None,
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


_EVENT_OF_STATUS = {
    "paid": "order_approved",
    "approved": "order_approved",
    "refused": "order_rejected",
    "refunded": "order_refunded",
    "chargedback": "chargeback",
}
_RENEWALS = frozenset({"subscription_renewed", "subscription_late"})
_REPEATABLE = frozenset({"order_rejected", "subscription_late"})
_STATUSES: Mapping[str, type[GatewayFact]] = {"completed": PaymentSucceeded, "pending": PaymentCreated}

EVENTS: Mapping[str, EventMapping[Reader]] = {
    "order_approved": EventMapping((PaymentSucceeded,), _paid, "a first or only charge"),
    "subscription_renewed": EventMapping((PaymentSucceeded,), _paid, "a renewal, which has its own order"),
    "order_rejected": EventMapping((PaymentFailed,), _declined, "the card was declined"),
    "subscription_late": EventMapping((PaymentFailed,), _declined, "a renewal could not be charged"),
    "pix_created": EventMapping((PaymentCreated,), _waiting, "a Pix awaits payment"),
    "billet_created": EventMapping((PaymentCreated,), _waiting, "a boleto awaits payment"),
    "order_refunded": EventMapping((PaymentRefunded,), _refunded, "full refunds"),
    "chargeback": EventMapping((DisputeLost,), _charged_back, "the card's bank took the money back"),
    "subscription_canceled": EventMapping((), None, "a subscription's state; its payments have their own events"),
}
