"""Turns the values of one row, texts of a CSV file or typed values of a Parquet file, into a labelled payment."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from ipaddress import ip_address
from sys import intern
from typing import Any

from orylo_common.money import minor_digits, to_minor
from orylo_detector.backtest.labelled_payment import STATUSES, LabelledPayment, PaymentStatus

LONGEST_TEXT = 200
LONGEST_SHOWN = 60
# A year outside is a mistake.
FIRST_YEAR, LAST_YEAR = 1971, 2199
_CURRENCY = re.compile("[A-Z]{3}")
_COUNTRY = re.compile("[A-Z]{2}")
_AMOUNT = re.compile(r"\d+(\.\d+)?")
_BOOLEANS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


class BadValue(Exception):
    """A value that cannot be used. The text names the column, shows the value and says what to write.

    `message` does not show the value, which may be personal. `column` is empty for the whole row.
    """

    def __init__(self, column: str, message: str, shown: str | None = None) -> None:
        super().__init__(f"{column} {shown!r}: {message}" if shown is not None else f"{column} {message}".lstrip())
        self.column = column
        self.message = message


def labelled_payment(row: Mapping[str, Any]) -> LabelledPayment:
    """Build the payment of a row, which maps column names to values. Raises `BadValue`."""
    currency = _required(row, "currency", _currency)
    return LabelledPayment(
        occurred_at=_required(row, "occurred_at", _time),
        payment_id=_required(row, "payment_id", _text),
        customer_id=_optional(row, "customer_id", _text),
        amount_minor=_required(row, "amount", lambda value: _amount_minor(value, currency)),
        currency=currency,
        is_fraud=_required(row, "is_fraud", _boolean),
        product_id=_optional(row, "product_id", _text),
        terminal_id=_optional(row, "terminal_id", _text),
        ip=_optional(row, "ip", _address),
        card_fingerprint=_optional(row, "card_fingerprint", _text),
        card_country=_optional(row, "card_country", _country),
        ip_country=_optional(row, "ip_country", _country),
        email_domain=_optional(row, "email_domain", lambda value: _text(value).lower()),
        status=_optional(row, "status", _status) or "succeeded",
        disputed_at=_optional(row, "disputed_at", _time),
    )


def _required(row: Mapping[str, Any], column: str, parse: Callable[[Any], Any]) -> Any:
    value = row.get(column)
    if value is None or value == "":
        raise BadValue(column, "is empty")
    return _parsed(column, value, parse)


def _optional(row: Mapping[str, Any], column: str, parse: Callable[[Any], Any]) -> Any:
    value = row.get(column)
    return None if value is None or value == "" else _parsed(column, value, parse)


def _parsed(column: str, value: Any, parse: Callable[[Any], Any]) -> Any:
    try:
        return parse(value)
    except ValueError as error:
        raise BadValue(column, str(error), str(value)[:LONGEST_SHOWN]) from None


def _text(value: Any) -> str:
    text = str(value).strip()
    if not text:
        raise ValueError("write at least one character")
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"write at most {LONGEST_TEXT} characters")
    # Most texts occur many times.
    return intern(text)


def _time(value: Any) -> datetime:
    """Return an aware time. A time without an offset is read as UTC."""
    if isinstance(value, datetime):
        moment = value
    elif isinstance(value, date):
        moment = datetime(value.year, value.month, value.day, tzinfo=UTC)
    else:
        try:
            moment = datetime.fromisoformat(str(value).strip())
        except ValueError:
            raise ValueError("write a time such as 2026-05-10T14:30:00Z") from None
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError(f"the year must be between {FIRST_YEAR} and {LAST_YEAR}")
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _amount_minor(value: Any, currency: str) -> int:
    """Return minor units. The file's amounts are in the currency's main unit."""
    text = format(value, "f") if isinstance(value, Decimal) else str(value).strip()
    if not isinstance(value, int | float | Decimal) and not _AMOUNT.fullmatch(text):
        example = "149.90" if minor_digits(currency) else "149"
        raise ValueError(f"write an amount of the currency's main unit, such as {example}")
    minor = to_minor(text, currency)
    if minor < 0:
        raise ValueError("an amount cannot be negative")
    return minor


def _currency(value: Any) -> str:
    code = str(value).strip().upper()
    if not _CURRENCY.fullmatch(code):
        raise ValueError("write an ISO 4217 code, such as BRL")
    return intern(code)


def _country(value: Any) -> str:
    code = str(value).strip().upper()
    if not _COUNTRY.fullmatch(code):
        raise ValueError("write an ISO 3166-1 alpha-2 code, such as BR")
    return intern(code)


def _address(value: Any) -> str:
    text = str(value).strip()
    try:
        ip_address(text)
    except ValueError:
        raise ValueError("write an IP address") from None
    return intern(text)


def _boolean(value: Any) -> bool:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    known = _BOOLEANS.get(str(value).strip().lower())
    if known is None:
        raise ValueError("write true or false, 1 or 0")
    return known


def _status(value: Any) -> PaymentStatus:
    text = str(value).strip().lower()
    for status in STATUSES:
        if status == text:
            return status
    raise ValueError(f"write one of {', '.join(STATUSES)}")
