"""Read the parts that Hotmart's formats have in common."""

from collections.abc import Mapping
from typing import Any

from orylo_common.hashing import is_token
from orylo_ingest.gateways.fields import minor_units_of, present, text

# Digits of a Brazilian number without its area code (Anatel: eight on land lines, nine on mobiles).
_WITHOUT_AREA = (8, 9)

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


def phone_with_area(number: str | None, area: str | None) -> str | None:
    """Return the number with its area code, which some checkouts send separately.

    A number of eight or nine digits has no area code, even if it begins with the same digits.
    """
    if number is None or area is None or is_token(number):
        return number
    digits, code = ("".join(filter(str.isdecimal, part)) for part in (number, area.lstrip("0")))
    joined = digits if digits.startswith(code) and len(digits) not in _WITHOUT_AREA else code + digits
    return joined if len(joined) <= 11 else number


def products(identifier: Any, name: Any, price: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    product_id = text(identifier)
    if product_id is None:
        return None
    currency, value = text(price.get("currency_value")), price.get("value")
    price_minor = minor_units_of(value, currency.upper(), "the price") if currency and value else None
    return [present(product_id=product_id, name=text(name), price_minor=price_minor)]
