"""PerfectPay: one postback for every state of a sale, named by `sale_status_enum`. Its token is in the body.

Amounts are decimal major units: `sale_amount`, the plan with its shipping.

Timestamps have no zone, and PerfectPay does not document one. They are read as São Paulo time, unless the gateway is
set to another zone (`orylo gateway set … --timezone UTC`). A timestamp in the future is replaced by the time of arrival
and counted (`orylo_webhook_variants_total{gateway="perfectpay",variant="stamp_ahead"}`). Many of them mean that the
zone is wrong.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any
from uuid import UUID

from orylo_common.control.models import GatewaySecret
from orylo_common.hashing import as_hash
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
from orylo_common.sample_webhooks import is_sample
from orylo_ingest.documents.parsing import Document
from orylo_ingest.gateways.attribution import tracking
from orylo_ingest.gateways.authentication import matching_token
from orylo_ingest.gateways.fields import (
    SAO_PAULO,
    TimestampReader,
    child,
    integer,
    minor_units_of,
    present,
    required,
    text,
)
from orylo_ingest.gateways.phones import phone_with_area
from orylo_ingest.gateways.port import Envelope, EventRow, IgnoredEvent, NormalisedEvent, UnprocessableEvent
from orylo_ingest.gateways.raw_webhook import RawWebhook
from orylo_ingest.metrics import count_variant
from orylo_ingest.privacy.person import Person

TOKEN_FIELD = "token"  # noqa: S105  the field's name

_CURRENCIES = {1: "BRL", 2: "USD", 3: "EUR"}
# `affiliation_type_enum`: affiliate, premium affiliate.
_AFFILIATES = (5, 6)
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

Reader = Callable[[Document, TimestampReader], NormalisedEvent | IgnoredEvent]


class PerfectPay:
    name = "perfectpay"
    home_country: str | None = "BR"

    def authenticate(self, webhook: RawWebhook, secrets: Sequence[GatewaySecret], now: datetime) -> UUID:
        document = webhook.unauthenticated_document()
        return matching_token(document.get(TOKEN_FIELD) if isinstance(document, dict) else None, secrets)

    def envelope(self, document: Document) -> Envelope:
        status = _status_of(document)
        row = STATUSES.get(status) if status is not None else None
        event = row.native if row else text(document.get("sale_status_enum_key")) or "unknown"
        code = text(document.get("code"))
        if code is None or status is None:
            return Envelope(event)
        test = is_sample(document.get("metadata"))
        subscription = child(document, "subscription")
        renewal = (text(subscription.get("status_event")), text(subscription.get("charges_made")))
        return Envelope(event, ":".join([code, str(status), *(part for part in renewal if part)]), test=test)

    def person(self, document: Document) -> Person:
        buyer = child(document, "customer")
        number = text(buyer.get("phone_number"))
        sent = text(buyer.get("phone_formated_ddi"))
        country = text(buyer.get("country"))
        return Person(
            email=text(buyer.get("email")),
            phone=sent or _phone(buyer),
            phone_as_sent=sent or number,
            name=text(buyer.get("full_name")),
            document=text(buyer.get("identification_number")),
            birth_date=text(buyer.get("birthday")) or text(buyer.get("date_birth")),
            city=text(buyer.get("city")),
            state=text(buyer.get("state")),
            zip=text(buyer.get("zip_code")),
            country=country,
        )

    def normalise(
        self, document: Document, received_at: datetime, zone: tzinfo | None = None
    ) -> NormalisedEvent | IgnoredEvent:
        status = _status_of(document)
        if status is not None and integer(document.get("sale_status_enum")) is None:
            count_variant(self.name, "status_key_only")
        if status is None:
            if "subscription_amount" in document:
                return IgnoredEvent(_SUBSCRIPTION)
            raise UnprocessableEvent("sale_status_enum is missing")
        row = STATUSES.get(status)
        if row is None:
            raise UnprocessableEvent("a status that PerfectPay does not document")
        if status == _CANCELLED and str(child(document, "subscription").get("status_event")).startswith(
            "subscription_cancel"
        ):
            return IgnoredEvent(_SUBSCRIPTION)
        if status in _NEWER_STATUSES:
            count_variant(self.name, f"status_{status}")
        return (
            IgnoredEvent(row.note)
            if row.read is None
            else row.read(document, TimestampReader(self.name, received_at, zone or SAO_PAULO))
        )

    def events(self) -> Sequence[EventRow]:
        rows = [EventRow(f"{status} {row.native}", row.messages, row.note) for status, row in STATUSES.items()]
        return [*rows, EventRow("any other", (), "PerfectPay does not document it", "quarantined")]


def _status_of(document: Document) -> int | None:
    """Return the status. Reduced bodies have only its name."""
    status = integer(document.get("sale_status_enum"))
    return (
        status
        if status is not None
        else _NUMBER_OF_STATUS.get((text(document.get("sale_status_enum_key")) or "").lower())
    )


def _phone(buyer: Mapping[str, Any]) -> str | None:
    """Return the number from its parts. The first of them is an explicit country code."""
    number, area = text(buyer.get("phone_number")), text(buyer.get("phone_area_code"))
    if number is None or as_hash(number):
        return number
    if area is None:
        # The area code may be in the formatted number only.
        number = text(buyer.get("phone_formated")) or number
    code = "".join(filter(str.isdecimal, text(buyer.get("phone_extension")) or "")).lstrip("0")
    return f"+{code}{phone_with_area(number, area)}" if code else phone_with_area(number, area)


def _created(sale: Document, timestamps: TimestampReader) -> NormalisedEvent:
    return _normalised(PaymentCreated, sale, timestamps.first(sale, "date_created"), "created")


def _paid(sale: Document, timestamps: TimestampReader) -> NormalisedEvent:
    return _normalised(PaymentSucceeded, sale, timestamps.first(sale, "date_approved", "date_created"), "paid")


# The time of the following states is not sent: use the time of arrival.


def _declined(sale: Document, timestamps: TimestampReader) -> NormalisedEvent:
    detail = present(failure_code=text(sale.get("sale_status_detail")))
    return _normalised(PaymentFailed, sale, timestamps.received_at, "failed", **detail)


def _canceled(sale: Document, timestamps: TimestampReader) -> NormalisedEvent:
    return _normalised(PaymentCanceled, sale, timestamps.received_at, "canceled", cancellation_reason="cancelled")


def _expired(sale: Document, timestamps: TimestampReader) -> NormalisedEvent:
    return _normalised(PaymentCanceled, sale, timestamps.received_at, "canceled", cancellation_reason="expired")


def _refunded(sale: Document, timestamps: TimestampReader) -> NormalisedEvent:
    event = _normalised(PaymentRefunded, sale, timestamps.received_at, "refunded", full=True)
    event.fields["refunded_minor"] = event.fields["amount_minor"]
    return event


def _disputed(sale: Document, timestamps: TimestampReader) -> NormalisedEvent:
    return _normalised(
        DisputeOpened, sale, timestamps.received_at, "disputed", dispute_id=_payment_id(sale), reason="chargeback"
    )


def _charged_back(sale: Document, timestamps: TimestampReader) -> NormalisedEvent:
    return _normalised(
        DisputeLost, sale, timestamps.received_at, "charged_back", dispute_id=_payment_id(sale), reason="chargeback"
    )


def _cart(sale: Document, timestamps: TimestampReader) -> NormalisedEvent:
    fields = {
        "checkout_id": _payment_id(sale),
        **_client(sale),
        **present(products=_products(sale)),
    }
    at = timestamps.first(sale, "date_created")
    return NormalisedEvent(CheckoutAbandoned, at, fields, (f"abandoned:{fields['checkout_id']}",))


def _normalised(message: type[GatewayFact], sale: Document, at: datetime, fact: str, **extra: Any) -> NormalisedEvent:
    payment_id = _payment_id(sale)
    # Commissions have the producer's currency, also of a foreign sale.
    currency = text(sale.get("currency_enum_key")) or _CURRENCIES.get(integer(sale.get("currency_enum")) or 0)
    if currency is None:
        raise UnprocessableEvent("a currency that PerfectPay does not document")
    method = integer(sale.get("payment_type_enum"))
    parent = text(sale.get("parent_sale_code"))
    fields = {
        "payment_id": payment_id,
        "amount_minor": minor_units_of(sale.get("sale_amount"), currency.upper(), "sale_amount"),
        "currency": currency.upper(),
        **_client(sale),
        **present(
            payment_method=_METHODS.get(method) if method else None,
            installments=integer(sale.get("installments")),
            card=present(brand=text(sale.get("payment_method_enum_key"))) if method in _CARDS else None,
            subscription=_subscription(sale),
            affiliate_id=_affiliate(sale),
            order_bump=sale.get("payment_format_enum_key") == "orderbump" or None,
            order_bump_of=f"perfectpay:{parent}" if parent else None,
            products=_products(sale),
        ),
        **extra,
    }
    return NormalisedEvent(message, at, fields, (f"{fact}:{payment_id}",))


def _payment_id(sale: Document) -> str:
    return f"perfectpay:{required(sale.get('code'), 'code')}"


def _client(sale: Document) -> dict[str, Any]:
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


def _affiliate(sale: Document) -> str | None:
    shares = sale.get("commission")
    named = (child(share) for share in shares) if isinstance(shares, list) else ()
    return next(
        (
            text(each.get("affiliation_code"))
            for each in named
            if integer(each.get("affiliation_type_enum")) in _AFFILIATES
        ),
        None,
    )


def _products(sale: Document) -> list[dict[str, Any]] | None:
    product = child(sale, "product")
    product_id = text(product.get("code"))
    if product_id is None:
        return None
    quantity = integer(sale.get("quantity")) or 1
    return [present(product_id=product_id, name=text(product.get("name")), quantity=quantity)]


@dataclass(frozen=True, slots=True)
class _Status:
    native: str
    messages: tuple[type[GatewayFact], ...]
    read: Reader | None
    note: str = ""


_CANCELLED = 6
# Documented in one source only, which also says that they are folded into the older statuses.
_NEWER_STATUSES = frozenset({15, 17, 18, 19, 20})
_SUBSCRIPTION = "a subscription's state; its payments have their own postbacks"
_REVIEW = "PerfectPay reviews the sale; the outcome has its own status"

STATUSES: Mapping[int, _Status] = {
    0: _Status("none", (), None, "no state yet"),
    1: _Status("pending", (PaymentCreated,), _created, "a boleto or Pix awaits payment"),
    2: _Status("approved", (PaymentSucceeded,), _paid, "a first charge or a renewal"),
    3: _Status("in_process", (), None, _REVIEW),
    4: _Status("in_mediation", (), None, "either moderation or a dispute; the status does not say which"),
    5: _Status("rejected", (PaymentFailed,), _declined, "declined"),
    6: _Status("cancelled", (PaymentCanceled,), _canceled, "ignored if the subscription was cancelled"),
    7: _Status("refunded", (PaymentRefunded,), _refunded, "full refunds"),
    8: _Status("authorized", (PaymentCreated,), _created, "authorised but not charged"),
    9: _Status("charged_back", (DisputeLost,), _charged_back, "the card's bank took the money back"),
    10: _Status(
        "completed",
        (PaymentSucceeded,),
        _paid,
        "30 days after approval; published only if not reported before",
    ),
    11: _Status("checkout_error", (CheckoutAbandoned,), _cart, "the checkout failed"),
    12: _Status("precheckout", (CheckoutAbandoned,), _cart, "an abandoned cart"),
    13: _Status("expired", (PaymentCanceled,), _expired, "a boleto or Pix was not paid in time"),
    15: _Status("cancelled_regenerated", (), None, "the boleto was reissued; the sale continues"),
    16: _Status("in_review", (), None, _REVIEW),
    17: _Status("pre_chargeback", (DisputeOpened,), _disputed, "a chargeback is announced"),
    18: _Status("pre_refunded", (), None, "the buyer asks for a refund; no money has moved"),
    19: _Status("med", (DisputeLost,), _charged_back, "the Pix was returned by the special mechanism (MED)"),
    20: _Status("pre_med", (DisputeOpened,), _disputed, "the return of a Pix is requested (MED)"),
}
_NUMBER_OF_STATUS = {row.native: status for status, row in STATUSES.items()}
