"""Stripe: snapshot events of any API version, signed with the endpoint's secret.

One payment is told by `payment_intent.succeeded`, `charge.succeeded`, `checkout.session.completed` and `invoice.paid`;
the first to arrive is published, and decided on. They do not carry the same: only the session has a payment link's
click id, only the charge has the card. With Checkout or payment links, subscribe the endpoint to `checkout.session.*`
and leave out the success of intents and charges; without them, to `charge.*`. Where the first did not name the buyer
and a later one does, that one completes the conversion (`payment.enriched`).

From API version 2025-03-31 on an invoice does not name its payment intent, nor the intent its invoice. Both sides of a
subscription's charge then recognise each other by customer, amount, currency and the minutes in which it was made and
paid, so that it is told once; two invoices of one customer over the same amount within two minutes are told as one. And
refunds and disputes name the intent: a sale that was told by its invoice is not found by them. An endpoint that is
subscribed to `charge.*` or `payment_intent.*` and not to `invoice.paid` has neither trouble. The invoice that Checkout
makes after a single purchase (`invoice_creation`) is no subscription's: leave `invoice.paid` out where you use it.
"""

import hmac
import re
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
    DisputeWon,
    FraudWarningReceived,
    GatewayFact,
    PaymentCanceled,
    PaymentCreated,
    PaymentFailed,
    PaymentRefunded,
    PaymentSucceeded,
)
from orylo_ingest.gateways.attribution import tracking
from orylo_ingest.gateways.authentication import mismatch
from orylo_ingest.gateways.fields import child, first, integer, moment, present, required, text
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
from orylo_ingest.gateways.stripe_invoices import (
    facts_of_charge,
    facts_of_invoice,
    facts_of_session,
    intent_of,
    is_later_charge,
    ref,
)
from orylo_ingest.metrics import count_variant
from orylo_ingest.privacy.person import Person

SIGNATURE_HEADER = "Stripe-Signature"
TOLERANCE_S = 300
# Outside of the days in which a secret is rolled, it looks like this.
_USUAL_HEADER = re.compile(r"t=([0-9]{1,12}),v1=([0-9a-f]{64})")
# While a secret is rolled there are two; more are somebody's attempt to make us compute.
_MAX_SIGNATURES = 10

# Sent with two decimals that these currencies do not have.
_HUNDREDFOLD = frozenset({"ISK", "UGX"})
# An early fraud warning names a payment and no money.
_NO_CURRENCY = "XXX"

Object = Mapping[str, Any]
Reader = Callable[[Object, Document], Told | Ignored]


class Stripe:
    name = "stripe"

    def authenticate(self, webhook: RawWebhook, secrets: Sequence[GatewaySecret], now: datetime) -> UUID:
        timestamp, signatures = _signature_parts(webhook.headers.get(SIGNATURE_HEADER))
        signed = timestamp + b"." + webhook.body
        secret = next((secret for secret in secrets if _signed_with(secret, signed, signatures)), None)
        if secret is None:
            raise mismatch()
        if int(timestamp) < int(now.timestamp()) - TOLERANCE_S:
            raise AuthenticationFailed(
                "timestamp_too_old",
                f"The signature was made more than {TOLERANCE_S} s ago: an event sent again must be signed again, "
                "and this machine's clock must be right.",
            )
        return secret.id

    def envelope(self, document: Document) -> Envelope:
        event_id = text(document.get("id"))
        return Envelope(
            event_type=text(document.get("type")) or "unknown",
            event_key=event_id,
            gateway_event_id=event_id,
            livemode=document.get("livemode") is not False,
        )

    def person(self, document: Document) -> Person:
        source = child(document, "data", "object")
        contact = _contact(source)
        person = Person(
            email=text(contact.get("email")) or text(source.get("receipt_email")) or text(source.get("customer_email")),
            phone=text(contact.get("phone")) or text(source.get("customer_phone")),
            name=text(contact.get("name")) or text(source.get("customer_name")),
            document=_tax_document(source, contact),
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

    def normalise(self, document: Document, received_at: datetime, zone: tzinfo | None = None) -> Told | Ignored:
        kind = document.get("object")
        if kind == "v2.core.event":
            raise NotUnderstood("a thin event carries no payment: set the endpoint to snapshot events")
        if kind != "event":
            raise NotUnderstood("no event of Stripe's: its object is not `event`")
        event_type = required(document.get("type"), "type")
        row = EVENTS.get(event_type)
        if row is None:
            return _unlisted(event_type)
        if row.read is None:
            return Ignored(row.note)
        source = child(document, "data", "object")
        if not source:
            raise NotUnderstood("data.object is missing")
        return row.read(source, document)

    def events(self) -> Sequence[EventRow]:
        rows = [EventRow(native, row.tells, row.note) for native, row in EVENTS.items()]
        unlisted = [EventRow(f"any other {family}*", (), _NEWER, "quarantined") for family in _MONEY]
        return [*rows, *unlisted, EventRow("any other", (), _NO_SALE)]


def _signed_with(secret: GatewaySecret, signed: bytes, signatures: Sequence[bytes]) -> bool:
    if not secret.value:
        return False
    expected = hmac.digest(secret.value, signed, "sha256").hex().encode()
    return any(hmac.compare_digest(expected, signature) for signature in signatures)


def _signature_parts(header: str | None) -> tuple[bytes, list[bytes]]:
    """The timestamp as it was signed, and every `v1`; `v0` counts for nothing."""
    if not header:
        raise AuthenticationFailed(
            "signature_missing", f"The {SIGNATURE_HEADER} header is missing: this endpoint takes webhooks from Stripe."
        )
    if usual := _USUAL_HEADER.fullmatch(header):
        return usual[1].encode(), [usual[2].encode()]
    parts = [part.partition("=") for part in header.split(",")]
    timestamp = next((value for key, _, value in parts if key == "t"), "")
    signatures = [value.encode("utf-8", "replace") for key, _, value in parts if key == "v1"]
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 12 and signatures):
        raise AuthenticationFailed(
            "signature_malformed", f"{SIGNATURE_HEADER} must hold a timestamp t=… and at least one signature v1=…."
        )
    return timestamp.encode(), signatures[:_MAX_SIGNATURES]


# --- What each event tells ---------------------------------------------------------------------------------


def _intent_created(intent: Object, event: Document) -> Told | Ignored:
    payment_id = _id(intent.get("id"), "id")
    return _told(PaymentCreated, event, intent, _payment(intent, payment_id), f"created:{payment_id}")


def _intent_authorized(intent: Object, event: Document) -> Told | Ignored:
    payment_id = _id(intent.get("id"), "id")
    return _told(PaymentCreated, event, intent, _payment(intent, payment_id), f"authorized:{payment_id}")


def _intent_succeeded(intent: Object, event: Document) -> Told | Ignored:
    payment_id = _id(intent.get("id"), "id")
    fields = _payment(intent, payment_id, amount=intent.get("amount_received") or intent.get("amount"))
    return _succeeded(intent, event, fields)


def _intent_failed(intent: Object, event: Document) -> Told | Ignored:
    payment_id = _id(intent.get("id"), "id")
    error = child(intent, "last_payment_error")
    attempt = ref(error.get("charge")) or ref(intent.get("latest_charge"))
    fields = _payment(intent, payment_id) | present(
        failure_code=text(error.get("decline_code")) or text(error.get("code")), attempt_id=attempt
    )
    return _told(PaymentFailed, event, intent, fields, f"failed:{payment_id}:{attempt or event.get('id')}")


def _intent_canceled(intent: Object, event: Document) -> Told | Ignored:
    payment_id = _id(intent.get("id"), "id")
    fields = _payment(intent, payment_id) | present(cancellation_reason=text(intent.get("cancellation_reason")))
    return _told(PaymentCanceled, event, intent, fields, f"canceled:{payment_id}")


def _charge_succeeded(charge: Object, event: Document) -> Told | Ignored:
    payment_id = _charge_payment_id(charge)
    if charge.get("captured") is False:
        return _told(PaymentCreated, event, charge, _payment(charge, payment_id), f"authorized:{payment_id}")
    fields = _payment(charge, payment_id, amount=charge.get("amount_captured") or charge.get("amount"))
    return _succeeded(charge, event, fields)


def _succeeded(charge: Object, event: Document, fields: dict[str, Any]) -> Told:
    """Of an intent or a charge."""
    if is_later_charge(charge):
        fields["subscription"] = {"renewal": True}
    invoice = _invoice_of(charge)
    links = () if invoice else facts_of_charge(charge, event, fields)
    return _told(PaymentSucceeded, event, charge, fields, *_paid(fields["payment_id"], invoice), *links)


def _charge_pending(charge: Object, event: Document) -> Told | Ignored:
    payment_id = _charge_payment_id(charge)
    return _told(PaymentCreated, event, charge, _payment(charge, payment_id), f"created:{payment_id}")


def _charge_failed(charge: Object, event: Document) -> Told | Ignored:
    payment_id = _charge_payment_id(charge)
    attempt = required(charge.get("id"), "id")
    outcome = child(charge, "outcome")
    blocked = "blocked" if outcome.get("type") == "blocked" else None
    fields = _payment(charge, payment_id) | present(
        failure_code=blocked or text(outcome.get("reason")) or text(charge.get("failure_code")), attempt_id=attempt
    )
    return _told(PaymentFailed, event, charge, fields, f"failed:{payment_id}:{attempt}")


def _charge_expired(charge: Object, event: Document) -> Told | Ignored:
    payment_id = _charge_payment_id(charge)
    fields = _payment(charge, payment_id) | {"cancellation_reason": "authorization_expired"}
    return _told(PaymentCanceled, event, charge, fields, f"canceled:{payment_id}")


def _charge_refunded(charge: Object, event: Document) -> Told | Ignored:
    payment_id = _charge_payment_id(charge)
    fields = _payment(charge, payment_id, amount=charge.get("amount_captured") or charge.get("amount"))
    refunded = _minor(charge.get("amount_refunded"), fields["currency"])
    fields |= {"refunded_minor": refunded, "full": charge.get("refunded") is True}
    fields |= present(refund_id=text(first(charge, "refunds", "data").get("id")))
    # The sum over all refunds so far: each new refund makes it another fact.
    return _told(PaymentRefunded, event, charge, fields, f"refunded:{payment_id}:{refunded}")


_DISPUTES: Mapping[str, type[DisputeOpened | DisputeWon | DisputeLost]] = {
    "needs_response": DisputeOpened,
    "under_review": DisputeOpened,
    "won": DisputeWon,
    "lost": DisputeLost,
}


def _dispute(dispute: Object, event: Document) -> Told | Ignored:
    status = required(dispute.get("status"), "status")
    if status.startswith("warning_") or child(dispute, "payment_method_details", "card").get("case_type") == "inquiry":
        return Ignored("an inquiry: the bank asks, and no money moves")
    message = _DISPUTES.get(status)
    if message is None:
        return Ignored(f"dispute status {status}: neither opened, won nor lost")
    dispute_id = required(dispute.get("id"), "id")
    fields = _payment(dispute, _about(dispute))
    fields |= present(dispute_id=dispute_id, reason=text(dispute.get("reason")))
    return _told(message, event, dispute, fields, f"dispute:{dispute_id}:{message.__name__}")


def _fraud_warning(warning: Object, event: Document) -> Told | Ignored:
    warning_id = required(warning.get("id"), "id")
    charge = child(warning, "charge")
    fields = {
        **(_payment(charge, "") if charge else {"amount_minor": 0, "currency": _NO_CURRENCY}),
        "payment_id": _about(warning),
        "warning_id": warning_id,
        **present(fraud_type=text(warning.get("fraud_type"))),
    }
    return _told(FraudWarningReceived, event, charge, fields, f"warning:{warning_id}")


def _session_completed(session: Object, event: Document) -> Told | Ignored:
    if session.get("mode") == "setup" or integer(session.get("amount_total")) == 0:
        return Ignored("nothing was to be paid: a session over 0 is no sale")
    fields = _session_payment(session)
    if session.get("payment_status") in ("paid", "no_payment_required"):
        alone = session.get("mode") == "subscription" and _intent_of_session(session) is None
        links = facts_of_session(session, event, fields) if alone else ()
        facts = _paid(fields["payment_id"], session.get("invoice"))
        return _told(PaymentSucceeded, event, session, fields, *facts, *links)
    return _told(PaymentCreated, event, session, fields, f"created:{fields['payment_id']}")


def _session_failed(session: Object, event: Document) -> Told | Ignored:
    fields = _session_payment(session) | {"failure_code": "async_payment_failed"}
    return _told(PaymentFailed, event, session, fields, f"failed:{fields['payment_id']}:{session.get('id')}")


def _session_expired(session: Object, event: Document) -> Told | Ignored:
    checkout_id = _id(session.get("id"), "id")
    fields = {
        "checkout_id": checkout_id,
        **_from_page(child(session, "metadata")),
        "tracking": tracking(child(session, "metadata"), session.get("client_reference_id")),
    }
    fields.pop("order_id", None)
    currency = text(session.get("currency"))
    if currency and session.get("amount_total") is not None:
        fields["currency"] = currency.upper()
        fields["amount_minor"] = _minor(session["amount_total"], fields["currency"])
    intent = ref(session.get("payment_intent"))
    if intent:
        fields["payment_id"] = f"stripe:{intent}"
    return _told(CheckoutAbandoned, event, session, fields, f"abandoned:{checkout_id}")


def _invoice_paid(invoice: Object, event: Document) -> Told | Ignored:
    if not invoice.get("amount_paid"):
        return Ignored("nothing was to be paid")
    fields = _invoice_payment(invoice, invoice.get("amount_paid"))
    alone = intent_of(invoice) is None
    links = facts_of_invoice(invoice, fields) if alone else ()
    count_variant("stripe", "invoice_alone" if alone else "invoice_with_intent")
    return _told(PaymentSucceeded, event, invoice, fields, *_paid(fields["payment_id"], invoice.get("id")), *links)


def _invoice_failed(invoice: Object, event: Document) -> Told | Ignored:
    fields = _invoice_payment(invoice, invoice.get("amount_due")) | {"failure_code": "invoice_payment_failed"}
    attempt = ref(invoice.get("charge"))
    fields |= present(attempt_id=attempt)
    which = attempt or f"attempt-{invoice.get('attempt_count')}"
    return _told(PaymentFailed, event, invoice, fields, f"failed:{fields['payment_id']}:{which}")


# --- Where the data is -------------------------------------------------------------------------------------


def _told(message: type[GatewayFact], event: Document, source: Object, fields: dict[str, Any], *facts: str) -> Told:
    customer = ref(source.get("customer"))
    return Told(
        message=message,
        occurred_at=moment(event.get("created"), "created"),
        fields=fields,
        facts=facts,
        gateway_customer=f"stripe:{customer}" if customer else None,
    )


def _paid(payment_id: str, invoice: Any) -> tuple[str, ...]:
    """An invoice's payment is also told under the invoice's id, by events that know no other."""
    invoice_id = ref(invoice)
    under_invoice = f"paid:stripe:{invoice_id}" if invoice_id else None
    paid = f"paid:{payment_id}"
    return (paid, under_invoice) if under_invoice and under_invoice != paid else (paid,)


def _payment(source: Object, payment_id: str, *, amount: Any = None) -> dict[str, Any]:
    currency = required(source.get("currency"), "currency").upper()
    charge = _charge_in(source)
    details = child(charge, "payment_method_details") or child(source, "last_payment_error", "payment_method")
    card = child(details, "card")
    metadata = child(source, "metadata") or child(charge, "metadata")
    fields = {
        "payment_id": payment_id,
        "amount_minor": _minor(source.get("amount") if amount is None else amount, currency),
        "currency": currency,
        **_from_page(metadata),
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


def _intent_of_session(session: Object) -> str | None:
    return ref(session.get("payment_intent")) or intent_of(child(session, "invoice"))


def _session_payment(session: Object) -> dict[str, Any]:
    intent, invoice = _intent_of_session(session), ref(session.get("invoice"))
    fields = _payment(
        session,
        f"stripe:{intent or invoice or required(session.get('id'), 'id')}",
        amount=session.get("amount_total"),
    )
    reference = session.get("client_reference_id")
    fields["tracking"] = tracking(child(session, "metadata"), reference)
    if "order_id" not in fields and "click_id" not in fields["tracking"]:
        fields |= present(order_id=text(reference))
    subscription = ref(session.get("subscription"))
    if subscription:
        fields["subscription"] = {"subscription_id": subscription, "recurrence": 1}
    return fields


def _invoice_payment(invoice: Object, amount: Any) -> dict[str, Any]:
    fields = _payment(invoice, f"stripe:{intent_of(invoice) or required(invoice.get('id'), 'id')}", amount=amount)
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
    fields |= {key: value for key, value in _from_page(child(parent, "metadata")).items() if not fields.get(key)}
    product = ref(price.get("product"))
    if product:
        fields["products"] = [
            present(
                product_id=product,
                name=text(line.get("description")),
                quantity=integer(line.get("quantity")) or 1,
                price_minor=_minor(line.get("amount"), fields["currency"]),
            )
        ]
    return fields


def _from_page(metadata: Object) -> dict[str, Any]:
    """What the merchant put into the metadata at checkout: nothing else carries it."""
    if not metadata:
        return {}
    return present(
        order_id=text(metadata.get("order_id")),
        ip=text(metadata.get("client_ip")) or text(metadata.get("client_ip_address")),
        user_agent=text(metadata.get("client_user_agent")),
        tracking=tracking(metadata),
    )


def _card(card: Object) -> dict[str, Any]:
    return present(
        last4=text(card.get("last4")),
        brand=text(card.get("brand")),
        country=text(card.get("country")),
        fingerprint=text(card.get("fingerprint")),
        funding=text(card.get("funding")),
    )


def _contact(source: Object) -> Object:
    """Where this object keeps the buyer: e-mail, phone, name and address."""
    if source.get("object") == "customer":
        return source
    if source.get("object") == "invoice":
        return {"address": source.get("customer_address")}
    charge = _charge_in(source)
    return (
        child(charge, "billing_details")
        or child(source, "customer_details")
        or child(source, "billing_details")
        or child(source, "last_payment_error", "payment_method", "billing_details")
        or child(source, "shipping")
    )


def _tax_document(source: Object, contact: Object) -> str | None:
    named = first(contact, "tax_ids") or first(source, "customer_tax_ids")
    return text(named.get("value")) or text(contact.get("tax_id")) or _asked_for(source.get("custom_fields"))


def _asked_for(custom_fields: Any) -> str | None:
    """A Brazilian checkout asks for the document in a field of its own."""
    for field in custom_fields if isinstance(custom_fields, list) else ():
        key = text(child(field).get("key")) or ""
        if "cpf" in key.lower() or "cnpj" in key.lower():
            return text(child(field, "text").get("value")) or text(child(field, "numeric").get("value"))
    return None


def _charge_in(source: Object) -> Object:
    """The charge: the object itself, expanded in it, or, before API version 2022-11-15, listed in the intent."""
    if source.get("object") == "charge":
        return source
    return child(source, "latest_charge") or child(source, "charge") or first(source, "charges", "data")


def _charge_payment_id(charge: Object) -> str:
    """The payment is the intent; a charge made without one stands for itself."""
    return f"stripe:{ref(charge.get('payment_intent')) or required(charge.get('id'), 'id')}"


def _about(source: Object) -> str:
    """The payment that a dispute or a warning is about."""
    intent = ref(source.get("payment_intent")) or ref(child(source, "charge").get("payment_intent"))
    return f"stripe:{intent or required(ref(source.get('charge')), 'charge')}"


def _invoice_of(source: Object) -> Any:
    """The invoice that an intent or a charge pays, where it says so."""
    reference = source.get("invoice") or child(source, "payment_details").get("order_reference")
    identifier = ref(reference)
    return identifier if identifier and identifier.startswith("in_") else None


def _id(value: Any, what: str) -> str:
    return f"stripe:{required(value, what)}"


def _minor(amount: Any, currency: str) -> int:
    minor = integer(amount)
    if minor is None:
        raise NotUnderstood("the amount is no whole number")
    return minor // 100 if currency in _HUNDREDFOLD else minor


def _only(methods: Any) -> str | None:
    return text(methods[0]) if isinstance(methods, list) and len(methods) == 1 else None


def _unlisted(event_type: str) -> Ignored:
    if event_type.startswith(_MONEY):
        raise NotUnderstood(_NEWER)
    return Ignored(_NO_SALE)


# --- The table ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Row:
    tells: tuple[type[GatewayFact], ...]
    read: Reader | None
    note: str


def _tells(read: Reader, *messages: type[GatewayFact], when: str = "") -> _Row:
    return _Row(messages, read, when)


def _ignored(reason: str) -> _Row:
    return _Row((), None, reason)


# New types in these families are quarantined rather than ignored: one of them may tell of money.
_MONEY = (
    "payment_intent.",
    "charge.",
    "refund.",
    "checkout.session.",
    "invoice.",
    "invoice_payment.",
    "radar.early_fraud_warning.",
)
_NEWER = "a type that this version does not know, of a family that tells of payments"
_NO_SALE = "no type that tells of a buyer's payment"
_DISPUTE = (DisputeOpened, DisputeWon, DisputeLost)
_BY_STATUS = "by the dispute's status; inquiries and other states are ignored"
_PER_REFUND = _ignored("charge.refunded tells the refunds of a payment together")
_NO_MONEY = _ignored("an invoice's paperwork: no money moves")
_PEOPLE = _ignored("about a customer, not about a payment")
_SUBSCRIPTION = _ignored("a subscription's state; its payments are told by invoice.paid")
_CARDS = _ignored("about a stored payment method, not about a payment")
_REVIEW = _ignored("Stripe's own review; the outcome is told by the payment")

_INVOICE_STATES = (
    "created deleted finalization_failed finalized marked_uncollectible overdue overpaid payment_action_required "
    "payment_attempt_required sent upcoming updated voided will_be_due"
)
_SUBSCRIPTION_STATES = (
    "created deleted paused pending_update_applied pending_update_expired resumed trial_will_end updated"
)
_METHOD_STATES = "attached automatically_updated detached updated"

EVENTS: Mapping[str, _Row] = {
    "payment_intent.created": _tells(_intent_created, PaymentCreated),
    "payment_intent.requires_action": _tells(_intent_created, PaymentCreated, when="3-D Secure, or a Pix or boleto"),
    "payment_intent.processing": _tells(_intent_created, PaymentCreated, when="funds not confirmed yet"),
    "payment_intent.amount_capturable_updated": _tells(_intent_authorized, PaymentCreated, when="authorised"),
    "payment_intent.succeeded": _tells(_intent_succeeded, PaymentSucceeded),
    "payment_intent.payment_failed": _tells(_intent_failed, PaymentFailed),
    "payment_intent.canceled": _tells(_intent_canceled, PaymentCanceled),
    "payment_intent.partially_funded": _ignored("paid in part; payment_intent.succeeded follows"),
    "charge.succeeded": _tells(
        _charge_succeeded, PaymentSucceeded, PaymentCreated, when="created while it is authorised and not captured"
    ),
    "charge.captured": _tells(_charge_succeeded, PaymentSucceeded),
    "charge.pending": _tells(_charge_pending, PaymentCreated),
    "charge.failed": _tells(_charge_failed, PaymentFailed),
    "charge.expired": _tells(_charge_expired, PaymentCanceled, when="an authorisation that was never captured"),
    "charge.updated": _ignored("details of a charge that is told already"),
    "charge.refunded": _tells(_charge_refunded, PaymentRefunded, when="in full or in part, the sum so far"),
    "charge.refund.updated": _PER_REFUND,
    "refund.created": _PER_REFUND,
    "refund.updated": _PER_REFUND,
    "refund.failed": _ignored("the refund did not reach the buyer; Stripe keeps the money for the merchant to settle"),
    "charge.dispute.created": _tells(_dispute, *_DISPUTE, when=_BY_STATUS),
    "charge.dispute.updated": _tells(_dispute, *_DISPUTE, when=_BY_STATUS),
    "charge.dispute.closed": _tells(_dispute, *_DISPUTE, when=_BY_STATUS),
    "charge.dispute.funds_withdrawn": _tells(_dispute, *_DISPUTE, when=_BY_STATUS),
    "charge.dispute.funds_reinstated": _tells(_dispute, *_DISPUTE, when=_BY_STATUS),
    "radar.early_fraud_warning.created": _tells(_fraud_warning, FraudWarningReceived),
    "radar.early_fraud_warning.updated": _tells(_fraud_warning, FraudWarningReceived),
    "review.opened": _REVIEW,
    "review.closed": _REVIEW,
    "checkout.session.completed": _tells(
        _session_completed,
        PaymentSucceeded,
        PaymentCreated,
        when="succeeded only once payment_status is paid or no_payment_required; ignored over nothing",
    ),
    "checkout.session.async_payment_succeeded": _tells(_session_completed, PaymentSucceeded),
    "checkout.session.async_payment_failed": _tells(_session_failed, PaymentFailed),
    "checkout.session.expired": _tells(_session_expired, CheckoutAbandoned),
    "invoice.paid": _tells(_invoice_paid, PaymentSucceeded, when="more than nothing was paid"),
    "invoice.payment_succeeded": _tells(_invoice_paid, PaymentSucceeded, when="more than nothing was paid"),
    "invoice.payment_failed": _tells(_invoice_failed, PaymentFailed),
    "invoice_payment.paid": _ignored("what paid an invoice; invoice.paid tells it"),
    **{f"invoice.{state}": _NO_MONEY for state in _INVOICE_STATES.split()},
    **dict.fromkeys(("customer.created", "customer.updated", "customer.deleted"), _PEOPLE),
    **{f"customer.subscription.{state}": _SUBSCRIPTION for state in _SUBSCRIPTION_STATES.split()},
    **{f"payment_method.{state}": _CARDS for state in _METHOD_STATES.split()},
}
