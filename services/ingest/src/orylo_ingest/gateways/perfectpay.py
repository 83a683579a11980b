"""PerfectPay: one postback for every state of a sale, told by `sale_status_enum`; its token stands in the body.

Amounts are decimal major units: `sale_amount`, the plan with its shipping.

Its times name no zone, and PerfectPay does not say which they are in: they are read as São Paulo's, unless the gateway
is set to another (`orylo gateway set … --timezone UTC`). A time that is ahead of its arrival is taken as the arrival
and counted (`orylo_webhook_variants_total{gateway="perfectpay",variant="stamp_ahead"}`): many of them say that the zone
is wrong.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any
from uuid import UUID

from orylo_common.control.models import GatewaySecret
from orylo_common.messages import (
    CheckoutAbandoned,
    DisputeLost,
    DisputeOpened,
    GatewayFact,
    PaymentCanceled,
    PaymentCreated,
    PaymentFailed,
    PaymentRefunded,
    PaymentSucceeded,
)
from orylo_common.money import to_minor
from orylo_ingest.gateways.attribution import tracking
from orylo_ingest.gateways.authentication import matching_token
from orylo_ingest.gateways.fields import SAO_PAULO, Stamps, child, integer, present, required, text
from orylo_ingest.gateways.port import Document, Envelope, EventRow, Ignored, NotUnderstood, RawWebhook, Told
from orylo_ingest.metrics import count_variant
from orylo_ingest.privacy.hashing import is_token
from orylo_ingest.privacy.person import Person

TOKEN_FIELD = "token"  # noqa: S105  the field's name

_CURRENCIES = {1: "BRL", 2: "USD", 3: "EUR"}
_CARDS = frozenset({1, 4, 6})
_METHODS = {
    **dict.fromkeys(_CARDS, "card"),
    2: "boleto",
    3: "paypal",
    5: "free",
    7: "pix",
    8: "boleto",
    9: "open_finance",
    10: "google_pay",
    11: "apple_pay",
    12: "picpay",
    16: "amazon_pay",
}

Reader = Callable[[Document, Stamps], Told | Ignored]


class PerfectPay:
    name = "perfectpay"

    def authenticate(self, webhook: RawWebhook, secrets: Sequence[GatewaySecret], now: datetime) -> UUID:
        document = webhook.unproven_document()
        return matching_token(document.get(TOKEN_FIELD) if isinstance(document, dict) else None, secrets)

    def envelope(self, document: Document) -> Envelope:
        status = integer(document.get("sale_status_enum"))
        row = STATUSES.get(status) if status is not None else None
        event = row.native if row else text(document.get("sale_status_enum_key")) or "unknown"
        code = text(document.get("code"))
        if code is None or status is None:
            return Envelope(event)
        subscription = child(document, "subscription")
        renewal = (text(subscription.get("status_event")), text(subscription.get("charges_made")))
        return Envelope(event, ":".join([code, str(status), *(part for part in renewal if part)]))

    def person(self, document: Document) -> Person:
        buyer = child(document, "customer")
        parts = [text(buyer.get(f"phone_{part}")) for part in ("extension", "area_code", "number")]
        number = parts[-1]
        # In a scrubbed copy the last part stands for the whole number.
        joined = number if number and is_token(number) else "".join(part for part in parts if part) or None
        sent = text(buyer.get("phone_formated_ddi"))
        country = text(buyer.get("country"))
        return Person(
            email=text(buyer.get("email")),
            phone=sent or joined,
            phone_as_sent=sent or number,
            phone_region=country or "BR",
            name=text(buyer.get("full_name")),
            document=text(buyer.get("identification_number")),
            birth_date=text(buyer.get("birthday")) or text(buyer.get("date_birth")),
            city=text(buyer.get("city")),
            state=text(buyer.get("state")),
            zip=text(buyer.get("zip_code")),
            country=country,
        )

    def normalise(self, document: Document, received_at: datetime, zone: tzinfo | None = None) -> Told | Ignored:
        status = integer(document.get("sale_status_enum"))
        if status is None:
            if "subscription_amount" in document:
                return Ignored(_SUBSCRIPTION)
            raise NotUnderstood("sale_status_enum is missing")
        row = STATUSES.get(status)
        if row is None:
            raise NotUnderstood("a status that PerfectPay does not document")
        if status == _CANCELLED and str(child(document, "subscription").get("status_event")).startswith(
            "subscription_cancel"
        ):
            return Ignored(_SUBSCRIPTION)
        if status in _NEWER:
            count_variant(self.name, f"status_{status}")
        return (
            Ignored(row.note)
            if row.read is None
            else row.read(document, Stamps(self.name, received_at, zone or SAO_PAULO))
        )

    def events(self) -> Sequence[EventRow]:
        rows = [EventRow(f"{status} {row.native}", row.tells, row.note) for status, row in STATUSES.items()]
        return [*rows, EventRow("any other", (), "PerfectPay does not document it", "quarantined")]


# --- What each status tells --------------------------------------------------------------------------------


def _created(sale: Document, stamps: Stamps) -> Told:
    return _told(PaymentCreated, sale, stamps.first(sale, "date_created"), "created")


def _paid(sale: Document, stamps: Stamps) -> Told:
    return _told(PaymentSucceeded, sale, stamps.first(sale, "date_approved", "date_created"), "paid")


# From here on nothing tells when the state was reached, only when it reached us.


def _refused(sale: Document, stamps: Stamps) -> Told:
    detail = present(failure_code=text(sale.get("sale_status_detail")))
    return _told(PaymentFailed, sale, stamps.received_at, "failed", **detail)


def _canceled(sale: Document, stamps: Stamps) -> Told:
    return _told(PaymentCanceled, sale, stamps.received_at, "canceled", cancellation_reason="cancelled")


def _expired(sale: Document, stamps: Stamps) -> Told:
    return _told(PaymentCanceled, sale, stamps.received_at, "canceled", cancellation_reason="expired")


def _refunded(sale: Document, stamps: Stamps) -> Told:
    told = _told(PaymentRefunded, sale, stamps.received_at, "refunded", full=True)
    told.fields["refunded_minor"] = told.fields["amount_minor"]
    return told


def _disputed(sale: Document, stamps: Stamps) -> Told:
    return _told(DisputeOpened, sale, stamps.received_at, "disputed", dispute_id=_payment_id(sale), reason="chargeback")


def _charged_back(sale: Document, stamps: Stamps) -> Told:
    return _told(
        DisputeLost, sale, stamps.received_at, "charged_back", dispute_id=_payment_id(sale), reason="chargeback"
    )


def _cart(sale: Document, stamps: Stamps) -> Told:
    fields = {
        "checkout_id": _payment_id(sale),
        **_buyers_machine(sale),
        **present(products=_products(sale)),
    }
    at = stamps.first(sale, "date_created")
    return Told(CheckoutAbandoned, at, fields, (f"abandoned:{fields['checkout_id']}",))


def _told(message: type[GatewayFact], sale: Document, at: datetime, what: str, **own: Any) -> Told:
    payment_id = _payment_id(sale)
    currency = text(sale.get("currency_enum_key")) or _CURRENCIES.get(integer(sale.get("currency_enum")) or 0)
    if currency is None:
        raise NotUnderstood("a currency that PerfectPay does not document")
    try:
        amount_minor = to_minor(required(sale.get("sale_amount"), "sale_amount"), currency.upper())
    except ValueError:
        raise NotUnderstood("sale_amount is no amount") from None
    method = integer(sale.get("payment_type_enum"))
    parent = text(sale.get("parent_sale_code"))
    fields = {
        "payment_id": payment_id,
        "amount_minor": amount_minor,
        "currency": currency.upper(),
        **_buyers_machine(sale),
        **present(
            payment_method=_METHODS.get(method) if method else None,
            installments=integer(sale.get("installments")),
            card=present(brand=text(sale.get("payment_method_enum_key"))) if method in _CARDS else None,
            subscription=_subscription(sale),
            order_bump=sale.get("payment_format_enum_key") == "orderbump" or None,
            order_bump_of=f"perfectpay:{parent}" if parent else None,
            products=_products(sale),
        ),
        **own,
    }
    return Told(message, at, fields, (f"{what}:{payment_id}",))


# --- Where the data is -------------------------------------------------------------------------------------


def _payment_id(sale: Document) -> str:
    return f"perfectpay:{required(sale.get('code'), 'code')}"


def _buyers_machine(sale: Document) -> dict[str, Any]:
    buyer = child(sale, "customer")
    return present(
        ip=text(buyer.get("ip")),
        user_agent=text(buyer.get("user_agent")),
        tracking=tracking(child(sale, "metadata")),
    )


def _subscription(sale: Document) -> dict[str, Any] | None:
    subscription = child(sale, "subscription")
    code = text(subscription.get("code"))
    if code is None:
        return None
    return present(
        subscription_id=code,
        recurrence=integer(subscription.get("charges_made")),
        plan=text(child(sale, "plan").get("name")),
        renewal=subscription.get("status_event") == "subscription_renewed" or None,
    )


def _products(sale: Document) -> list[dict[str, Any]] | None:
    product = child(sale, "product")
    product_id = text(product.get("code"))
    if product_id is None:
        return None
    quantity = integer(sale.get("quantity")) or 1
    return [present(product_id=product_id, name=text(product.get("name")), quantity=quantity)]


# --- The table ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Row:
    native: str
    tells: tuple[type[GatewayFact], ...]
    read: Reader | None
    note: str = ""


_CANCELLED = 6
# Known from one source only, which also says that they come folded into the older ones.
_NEWER = frozenset({15, 17, 18, 19, 20})
_SUBSCRIPTION = "a subscription's state; its payments are told by their own postbacks"
_REVIEW = "PerfectPay looks at the sale: the outcome has a status of its own"

STATUSES: Mapping[int, _Row] = {
    0: _Row("none", (), None, "no state yet"),
    1: _Row("pending", (PaymentCreated,), _created, "a boleto or a Pix is waiting to be paid"),
    2: _Row("approved", (PaymentSucceeded,), _paid, "a first charge or a renewal"),
    3: _Row("in_process", (), None, _REVIEW),
    4: _Row("in_mediation", (), None, "moderation or a dispute: which one, the status does not say"),
    5: _Row("rejected", (PaymentFailed,), _refused, "refused"),
    6: _Row("cancelled", (PaymentCanceled,), _canceled, "ignored where it is the subscription that was cancelled"),
    7: _Row("refunded", (PaymentRefunded,), _refunded, "in full"),
    8: _Row("authorized", (PaymentCreated,), _created, "authorised, not charged"),
    9: _Row("charged_back", (DisputeLost,), _charged_back, "the card's bank took the money back"),
    10: _Row("completed", (PaymentSucceeded,), _paid, "30 days after the approval: tells the sale only if nothing did"),
    11: _Row("checkout_error", (CheckoutAbandoned,), _cart, "the checkout failed"),
    12: _Row("precheckout", (CheckoutAbandoned,), _cart, "an abandoned cart"),
    13: _Row("expired", (PaymentCanceled,), _expired, "a boleto or a Pix that was not paid"),
    15: _Row("cancelled_regenerated", (), None, "the boleto was issued anew: the sale goes on"),
    16: _Row("in_review", (), None, _REVIEW),
    17: _Row("pre_chargeback", (DisputeOpened,), _disputed, "a chargeback is announced"),
    18: _Row("pre_refunded", (), None, "the buyer asks for a refund: no money has moved"),
    19: _Row("med", (DisputeLost,), _charged_back, "the Pix was returned by the special mechanism"),
    20: _Row("pre_med", (DisputeOpened,), _disputed, "the return of a Pix is asked for"),
}
