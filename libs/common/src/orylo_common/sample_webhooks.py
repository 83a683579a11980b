"""A sample webhook of each gateway: an approved sale that is marked as a test, and so is out of the money.

Hotmart's and Kiwify's samples have the marks of their panels' test events. Stripe and PerfectPay send no test events,
so theirs have a mark of Orylo, `SAMPLE_MARK` in their metadata.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from orylo_common.control.models import GatewayName

SAMPLE_MARK = "orylo_sample"
# Matches the payment ids of samples.
SAMPLE_PAYMENTS = ":(pi_sample_|HPSAMPLE|sample-|PPCPSAMPLE)"
AMOUNT_MINOR = 29_700

# Kiwify's and PerfectPay's times have no zone, and are read as this one.
_SAO_PAULO = ZoneInfo("America/Sao_Paulo")
_BUYER = "Test Buyer"
_EMAIL = "test.buyer@example.com"

Document = dict[str, Any]


def is_sample(metadata: object) -> bool:
    """Return whether the metadata of an event mark it as a sample."""
    return type(metadata) is dict and metadata.get(SAMPLE_MARK) == "true"


def sample_webhook(gateway: GatewayName, number: str, now: datetime, *, token: str) -> bytes:
    """Return the body of a sample. Each `number` is a new event. `token` is the secret."""
    return orjson.dumps(_SAMPLES[gateway](number, now.astimezone(UTC), token))


def _stripe(number: str, now: datetime, token: str) -> Document:
    at = int(now.timestamp())
    intent = {
        "id": f"pi_sample_{number}",
        "object": "payment_intent",
        "status": "succeeded",
        "created": at,
        "livemode": False,
        "amount": AMOUNT_MINOR,
        "amount_received": AMOUNT_MINOR,
        "currency": "brl",
        "receipt_email": _EMAIL,
        "metadata": {SAMPLE_MARK: "true"},
    }
    return {
        "id": f"evt_sample_{number}",
        "object": "event",
        "type": "payment_intent.succeeded",
        "created": at,
        "livemode": False,
        "data": {"object": intent},
    }


def _hotmart(number: str, now: datetime, token: str) -> Document:
    at_ms = int(now.timestamp() * 1000)
    money = {"value": AMOUNT_MINOR / 100, "currency_value": "BRL"}
    purchase = {
        "transaction": f"HPSAMPLE{number.upper()}",
        "status": "APPROVED",
        "order_date": at_ms,
        "approved_date": at_ms,
        "price": money,
        "full_price": money,
        "payment": {"type": "PIX", "installments_number": 1},
    }
    return {
        "id": f"sample-{number}",
        "creation_date": at_ms,
        "event": "PURCHASE_APPROVED",
        "version": "2.0.0",
        "data": {
            # The product of the panel's test events.
            "product": {"id": 0, "name": "Produto test postback2"},
            "buyer": {"email": _EMAIL, "name": _BUYER},
            "purchase": purchase,
        },
    }


def _kiwify(number: str, now: datetime, token: str) -> Document:
    at = (now - timedelta(minutes=1)).astimezone(_SAO_PAULO).strftime("%Y-%m-%d %H:%M")
    return {
        "order_id": f"sample-{number}",
        "order_status": "paid",
        "payment_method": "pix",
        "created_at": at,
        "updated_at": at,
        "approved_date": at,
        "webhook_event_type": "order_approved",
        # The product of the panel's test events, which has no offer.
        "Product": {"product_id": "sample", "product_name": "Example product"},
        "Customer": {"full_name": _BUYER, "email": _EMAIL},
        "Commissions": {"charge_amount": AMOUNT_MINOR, "product_base_price": AMOUNT_MINOR, "currency": "BRL"},
    }


def _perfectpay(number: str, now: datetime, token: str) -> Document:
    at = now.astimezone(_SAO_PAULO).strftime("%Y-%m-%d %H:%M:%S")
    return {
        "token": token,
        "code": f"PPCPSAMPLE{number.upper()}",
        "sale_amount": AMOUNT_MINOR / 100,
        "currency_enum": 1,
        "payment_type_enum": 7,
        "sale_status_enum": 2,
        "sale_status_enum_key": "approved",
        "date_created": at,
        "date_approved": at,
        "product": {"code": "SAMPLE", "name": "Sample"},
        "customer": {"full_name": _BUYER, "email": _EMAIL},
        "metadata": {SAMPLE_MARK: "true"},
    }


_SAMPLES: Mapping[GatewayName, Callable[[str, datetime, str], Document]] = {
    "hotmart": _hotmart,
    "kiwify": _kiwify,
    "perfectpay": _perfectpay,
    "stripe": _stripe,
}
