"""Stripe webhooks: events and the Stripe-Signature header.

Amounts are in minor units and times in Unix seconds. The merchant's checkout puts the buyer's IP address and click
into the metadata, because Stripe does not know them.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

import orjson

from orylo_cli.simulate.buyers import Buyer, TestCard

API_VERSION = "2026-10-28.endive"


@dataclass(frozen=True, slots=True)
class StripePayment:
    """A payment intent. `native_id` is the part of its ids after the prefix."""

    native_id: str
    buyer: Buyer
    card: TestCard
    method: str
    amount_minor: int
    currency: str
    description: str
    created: int
    metadata: dict[str, str]

    def charge_id(self, attempt: int) -> str:
        return f"ch_{self.native_id}{attempt:02d}"


def intent_created(payment: StripePayment, at: int) -> bytes:
    return _event("payment_intent.created", payment, at, _intent(payment, "requires_payment_method"))


def pix_displayed(payment: StripePayment, at: int) -> bytes:
    intent = _intent(payment, "requires_action")
    intent["next_action"] = {
        "type": "pix_display_qr_code",
        "pix_display_qr_code": {"data": "00020101021226EXAMPLE", "expires_at": payment.created + 86_400},
    }
    return _event("payment_intent.requires_action", payment, at, intent)


def intent_succeeded(payment: StripePayment, at: int, *, attempt: int = 1) -> bytes:
    intent = _intent(payment, "succeeded")
    intent |= {"amount_received": payment.amount_minor, "latest_charge": payment.charge_id(attempt)}
    return _event("payment_intent.succeeded", payment, at, intent)


def intent_failed(payment: StripePayment, at: int, *, attempt: int, decline_code: str) -> bytes:
    intent = _intent(payment, "requires_payment_method")
    intent["latest_charge"] = payment.charge_id(attempt)
    intent["last_payment_error"] = {
        "type": "card_error",
        "code": "card_declined",
        "decline_code": decline_code,
        "charge": payment.charge_id(attempt),
        "message": "Your card was declined.",
        "payment_method": {
            "object": "payment_method",
            "type": "card",
            "billing_details": _billing_details(payment.buyer),
            "card": _card(payment.card),
        },
    }
    return _event("payment_intent.payment_failed", payment, at, intent, attempt=attempt)


def intent_canceled(payment: StripePayment, at: int) -> bytes:
    intent = _intent(payment, "canceled") | {"canceled_at": at, "cancellation_reason": "expired"}
    return _event("payment_intent.canceled", payment, at, intent)


def charge_succeeded(payment: StripePayment, at: int, *, attempt: int = 1) -> bytes:
    return _event("charge.succeeded", payment, at, _paid_charge(payment, attempt), attempt=attempt)


def charge_failed(payment: StripePayment, at: int, *, attempt: int, decline_code: str) -> bytes:
    charge = _charge(payment, attempt) | {
        "status": "failed",
        "paid": False,
        "captured": False,
        "failure_code": "card_declined",
        "failure_message": "Your card was declined.",
        "outcome": {"type": "issuer_declined", "network_status": "declined_by_network", "reason": decline_code},
    }
    return _event("charge.failed", payment, at, charge, attempt=attempt)


def charge_refunded(payment: StripePayment, at: int, *, refunded_minor: int) -> bytes:
    charge = _paid_charge(payment, 1)
    charge |= {"amount_refunded": refunded_minor, "refunded": refunded_minor == payment.amount_minor}
    return _event("charge.refunded", payment, at, charge, previous={"amount_refunded": 0, "refunded": False})


def fraud_warned(payment: StripePayment, at: int) -> bytes:
    warning = {
        "id": f"issfr_{payment.native_id}",
        "object": "radar.early_fraud_warning",
        "actionable": True,
        "charge": payment.charge_id(1),
        "created": at,
        "fraud_type": "unauthorized_use_of_card",
        "livemode": True,
        "payment_intent": f"pi_{payment.native_id}",
    }
    return _event("radar.early_fraud_warning.created", payment, at, warning)


def dispute_opened(payment: StripePayment, at: int) -> bytes:
    return _event("charge.dispute.created", payment, at, _dispute(payment, at, "needs_response"))


def dispute_closed(payment: StripePayment, at: int, *, won: bool) -> bytes:
    return _event("charge.dispute.closed", payment, at, _dispute(payment, at, "won" if won else "lost"))


def _event(
    event_type: str,
    payment: StripePayment,
    at: int,
    subject: dict[str, Any],
    *,
    attempt: int = 1,
    previous: dict[str, Any] | None = None,
) -> bytes:
    # Derived from payment and attempt, so that a resend has the same id.
    suffix = hashlib.sha256(f"{event_type}:{payment.native_id}:{attempt}".encode()).hexdigest()[:24]
    data: dict[str, Any] = {"object": subject}
    if previous is not None:
        data["previous_attributes"] = previous
    event = {
        "id": f"evt_{suffix}",
        "object": "event",
        "api_version": API_VERSION,
        "created": at,
        "data": data,
        "livemode": True,
        "pending_webhooks": 1,
        "request": {"id": f"req_{suffix[:14]}", "idempotency_key": None},
        "type": event_type,
    }
    return orjson.dumps(event, option=orjson.OPT_INDENT_2)


def _intent(payment: StripePayment, status: str) -> dict[str, Any]:
    return {
        "id": f"pi_{payment.native_id}",
        "object": "payment_intent",
        "amount": payment.amount_minor,
        "amount_received": 0,
        "capture_method": "automatic_async",
        "created": payment.created,
        "currency": payment.currency,
        "customer": f"cus_Sim{payment.buyer.number:09d}",
        "description": payment.description,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": True,
        "metadata": payment.metadata,
        "payment_method_types": ["card", "pix"] if payment.method == "pix" else ["card"],
        "receipt_email": payment.buyer.email,
        "status": status,
    }


def _paid_charge(payment: StripePayment, attempt: int) -> dict[str, Any]:
    return _charge(payment, attempt) | {
        "status": "succeeded",
        "paid": True,
        "captured": True,
        "amount_captured": payment.amount_minor,
        "outcome": {"type": "authorized", "network_status": "approved_by_network", "risk_level": "normal"},
    }


def _charge(payment: StripePayment, attempt: int) -> dict[str, Any]:
    method = {"type": "pix", "pix": {}} if payment.method == "pix" else {"type": "card", "card": _card(payment.card)}
    return {
        "id": payment.charge_id(attempt),
        "object": "charge",
        "amount": payment.amount_minor,
        "amount_captured": 0,
        "amount_refunded": 0,
        "billing_details": _billing_details(payment.buyer),
        "created": payment.created,
        "currency": payment.currency,
        "customer": f"cus_Sim{payment.buyer.number:09d}",
        "description": payment.description,
        "disputed": False,
        "failure_code": None,
        "failure_message": None,
        "livemode": True,
        "metadata": payment.metadata,
        "payment_intent": f"pi_{payment.native_id}",
        "payment_method_details": method,
        "receipt_email": payment.buyer.email,
        "refunded": False,
    }


def _dispute(payment: StripePayment, at: int, status: str) -> dict[str, Any]:
    return {
        "id": f"du_{payment.native_id}",
        "object": "dispute",
        "amount": payment.amount_minor,
        "charge": payment.charge_id(1),
        "created": at,
        "currency": payment.currency,
        "evidence": {
            "customer_email_address": payment.buyer.email,
            "customer_name": payment.buyer.name,
            "customer_purchase_ip": payment.metadata.get("client_ip"),
        },
        "is_charge_refundable": False,
        "livemode": True,
        "metadata": {},
        "payment_intent": f"pi_{payment.native_id}",
        "payment_method_details": {
            "type": "card",
            "card": {"brand": payment.card.brand, "case_type": "chargeback", "network_reason_code": "4837"},
        },
        "reason": "fraudulent",
        "status": status,
    }


def _billing_details(buyer: Buyer) -> dict[str, Any]:
    return {
        "address": {
            "city": buyer.city,
            "country": "BR",
            "line1": f"{buyer.street}, {buyer.house}",
            "line2": None,
            "postal_code": buyer.postal_code,
            "state": buyer.state,
        },
        "email": buyer.email,
        "name": buyer.name,
        "phone": f"+55{buyer.area_code}{buyer.phone}",
        "tax_id": buyer.cpf,
    }


def _card(card: TestCard) -> dict[str, Any]:
    return {
        "brand": card.brand,
        "checks": {"cvc_check": "pass"},
        "country": card.country,
        "exp_month": 8,
        "exp_year": 2030,
        "fingerprint": card.fingerprint,
        "funding": "credit",
        "last4": card.last4,
        "network": card.brand,
    }
