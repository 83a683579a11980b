"""Read the parts that Hotmart's formats have in common."""

from collections.abc import Mapping
from typing import Any

from orylo_ingest.gateways.fields import minor_units_of, present, text

_METHODS = {
    "CREDIT_CARD": "card",
    "DEBIT_CARD": "card",
    "BILLET": "boleto",
    "FINANCED_BILLET": "boleto",
    "PIX": "pix",
    "PAYPAL": "paypal",
    "PAYPAL_INTERNACIONAL": "paypal",
}


def payment_method(value: Any) -> str | None:
    name = text(value)
    return _METHODS.get(name.upper(), name.lower()) if name else None


def products(identifier: Any, name: Any, price: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    product_id = text(identifier)
    if product_id is None:
        return None
    currency, value = text(price.get("currency_value")), price.get("value")
    price_minor = minor_units_of(value, currency.upper(), "the price") if currency and value else None
    return [present(product_id=product_id, name=text(name), price_minor=price_minor)]
