"""Hotmart's webhook 2.0.0: decimal amounts in major units, times in milliseconds.

Hotmart signs no webhooks. They carry a static token, the hottok, in a header.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID, uuid5

import orjson

from orylo_cli.simulate.buyers import Buyer

HotmartEvent = Literal[
    "PURCHASE_APPROVED",
    "PURCHASE_BILLET_PRINTED",
    "PURCHASE_CANCELED",
    "PURCHASE_CHARGEBACK",
    "PURCHASE_COMPLETE",
    "PURCHASE_EXPIRED",
    "PURCHASE_PROTEST",
    "PURCHASE_REFUNDED",
]

PaymentType = Literal["CREDIT_CARD", "PIX", "BILLET"]

# In real webhooks the status differs from the event's name.
_STATUS: dict[HotmartEvent, str] = {
    "PURCHASE_APPROVED": "APPROVED",
    "PURCHASE_BILLET_PRINTED": "BILLET_PRINTED",
    "PURCHASE_CANCELED": "CANCELED",
    "PURCHASE_CHARGEBACK": "CHARGEBACK",
    "PURCHASE_COMPLETE": "COMPLETED",
    "PURCHASE_EXPIRED": "EXPIRED",
    "PURCHASE_PROTEST": "DISPUTE",
    "PURCHASE_REFUNDED": "REFUNDED",
}
_NEVER_APPROVED: frozenset[HotmartEvent] = frozenset(
    {"PURCHASE_BILLET_PRINTED", "PURCHASE_CANCELED", "PURCHASE_EXPIRED"}
)
_EVENT_IDS = UUID("6d0f7a52-5d0c-4f5e-9a43-2b3f7d0e8c11")


@dataclass(frozen=True, slots=True)
class HotmartPurchase:
    """A transaction, from which the bodies of all its events are built."""

    transaction: str
    buyer: Buyer
    product_id: int
    product: str
    price: Decimal
    payment_type: PaymentType
    installments: int
    ordered_ms: int
    click_id: str | None

    @property
    def charged(self) -> Decimal:
        """Return the price with the interest on instalments."""
        return (self.price * (1 + Decimal("0.019") * (self.installments - 1))).quantize(Decimal("0.01"))


def webhook(purchase: HotmartPurchase, event: HotmartEvent, at_ms: int) -> bytes:
    """Return the body of the webhook for one event of this purchase."""
    return orjson.dumps(
        {
            # Derived from the event, so that a resend has the same id.
            "id": str(uuid5(_EVENT_IDS, f"{purchase.transaction}:{event}")),
            "creation_date": at_ms,
            "event": event,
            "version": "2.0.0",
            "data": {
                "product": {"id": purchase.product_id, "name": purchase.product, "is_physical_product": False},
                "affiliates": [{"affiliate_code": "", "name": ""}],
                "buyer": _buyer(purchase.buyer),
                "producer": {"name": "Produtora Exemplo LTDA", "legal_nature": "Pessoa Jurídica"},
                "commissions": _commissions(purchase.price),
                "purchase": _purchase(purchase, event, at_ms),
            },
        }
    )


def _purchase(purchase: HotmartPurchase, event: HotmartEvent, at_ms: int) -> dict[str, Any]:
    payment: dict[str, Any] = {"type": purchase.payment_type, "installments_number": purchase.installments}
    if event == "PURCHASE_CANCELED":
        payment["refusal_reason"] = "Transaction refused"
    if purchase.payment_type == "PIX":
        payment |= {"pix_code": "00020101021226EXAMPLE", "pix_expiration_date": purchase.ordered_ms + 172_800_000}
    fields: dict[str, Any] = {
        "transaction": purchase.transaction,
        "status": _STATUS[event],
        "order_date": purchase.ordered_ms,
        "price": _money(purchase.price),
        "full_price": _money(purchase.charged),
        "original_offer_price": _money(purchase.price),
        "checkout_country": {"name": "Brasil", "iso": "BR"},
        "payment": payment,
        "offer": {"code": "ofr1exmp"},
        "order_bump": {"is_order_bump": False},
        "origin": {} if purchase.click_id is None else {"src": "facebook", "sck": purchase.click_id},
        "is_funnel": False,
        "business_model": "I",
        "invoice_by": "HOTMART",
    }
    if event not in _NEVER_APPROVED:
        fields["approved_date"] = min(purchase.ordered_ms + 2_000, at_ms)
    return fields


def _buyer(buyer: Buyer) -> dict[str, Any]:
    return {
        "email": buyer.email,
        "name": buyer.name,
        "first_name": buyer.first_name,
        "last_name": buyer.last_name,
        "checkout_phone": buyer.phone,
        "checkout_phone_code": buyer.area_code,
        "document": buyer.cpf,
        "document_type": "CPF",
        "address": {
            "country": "Brasil",
            "country_iso": "BR",
            "zipcode": buyer.postal_code.replace("-", ""),
            "state": buyer.state,
            "city": buyer.city,
            "address": buyer.street,
            "number": buyer.house,
        },
    }


def _commissions(price: Decimal) -> list[dict[str, Any]]:
    marketplace = (price * Decimal("0.0745")).quantize(Decimal("0.01"))
    return [
        {**_money(marketplace), "source": "MARKETPLACE"},
        {**_money(price - marketplace), "source": "PRODUCER"},
    ]


def _money(value: Decimal) -> dict[str, Any]:
    # A number with two decimals is exact enough as a float.
    return {"value": float(value), "currency_value": "BRL"}
