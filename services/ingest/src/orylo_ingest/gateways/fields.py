"""Read values from documents in which any value may be missing or of another type."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any, NamedTuple

from orylo_common.money import minor_digits, to_minor
from orylo_ingest.gateways.port import UnprocessableEvent
from orylo_ingest.metrics import count_variant

# America/Sao_Paulo, without daylight saving time since 2019.
SAO_PAULO = timezone(timedelta(hours=-3))

EMPTY: Mapping[str, Any] = {}
_MAX_TEXT = 500
# Larger numbers are not exact in every JSON reader.
_MAX_DIGITS = 15
_NUMBER = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,9})?")
# An amount as people write it: `R$ 1.234,56`, `1,234.56`, `97,00`.
_WRITTEN_AMOUNT = re.compile(r"(?:[A-Z]{0,3}[$€£]|[A-Z]{3})?\s*([0-9]+(?:[.,][0-9]+)*)")
_SEPARATOR = re.compile("[.,]")
# A time that a database writes for none, and the zones after a blank that ISO 8601 does not allow.
_NO_TIME = re.compile(r"[0:. TZ-]*")
_DAY_FIRST = re.compile(r"^([0-9]{2})/([0-9]{2})/([0-9]{4})")
_ZONE_AFTER_BLANK = re.compile(r" (?:UTC|GMT|(?=[+-][0-9]{2}:?[0-9]{2}$))")
# 2000 to 2100: outside these years a number is not the time of a payment.
_EARLIEST, _LATEST = 946_684_800, 4_102_444_800


def child(node: Any, *path: str) -> Mapping[str, Any]:
    """Return the object at `path`, or an empty one."""
    for key in path:
        if type(node) is not dict:
            return EMPTY
        node = node.get(key)
    return node if type(node) is dict else EMPTY


def first(node: Any, *path: str) -> Mapping[str, Any]:
    """Return the first object of the list at `path`, or an empty one."""
    *above, last = path
    items = child(node, *above).get(last)
    return items[0] if isinstance(items, list) and items and isinstance(items[0], dict) else EMPTY


def text(value: Any) -> str | None:
    """Return a string or number as stripped text. None for blanks and everything else."""
    if value is None:
        return None
    kind = type(value)
    if kind is str:
        return value.strip()[:_MAX_TEXT] or None
    return str(value) if kind is int or kind is float else None


def required(value: Any, field: str) -> str:
    found = text(value)
    if found is None:
        raise UnprocessableEvent(f"{field} is missing")
    return found


def integer(value: Any) -> int | None:
    """Return an integer, also if it is sent as text or as a float without a fraction."""
    if isinstance(value, str) and value.isascii() and value.strip().isdecimal() and len(value) < _MAX_DIGITS:
        return int(value)
    if type(value) is float and value.is_integer():
        value = int(value)
    return value if type(value) is int and abs(value) < 10**_MAX_DIGITS else None


def number(value: Any) -> float | None:
    """Return a number, also if it is sent as text."""
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        return float(value)
    return value if type(value) in (int, float) else None


def amount(value: Any) -> float | None:
    """Return an amount in major units as a number, also as people write it: `1.234,56`."""
    return number(_decimal_in(value.strip(), 2) if isinstance(value, str) else value)


def flag(value: Any) -> bool:
    """Return whether the value means true, also if it is sent as text or as a number."""
    return value is True or (type(value) in (str, int) and str(value).strip().lower() in ("true", "1"))


def minor_units_of(value: Any, currency: str, field: str) -> int:
    """Return minor units of an amount in major units. Raises `UnprocessableEvent`.

    `1.234` is not read in a currency without thousandths: it may be a thousand times as much as it looks.
    """
    if isinstance(value, str):
        value = _decimal_in(value.strip(), minor_digits(currency))
    try:
        return to_minor(value, currency)
    except ValueError:
        raise UnprocessableEvent(f"{field} is not an amount") from None


def _decimal_in(value: str, decimals: int) -> str:
    """Return an amount that people write as a decimal number, or no number if it can be read in two ways."""
    written = _WRITTEN_AMOUNT.fullmatch(value)
    if not written:
        return value
    *groups, last = _SEPARATOR.split(written[1])
    separators = _SEPARATOR.findall(written[1])
    # Groups of three digits, after a first one of one to three.
    grouped = bool(groups) and len(groups[0]) <= 3 and all(len(group) == 3 for group in groups[1:])
    match len(separators), len(set(separators)):
        case 0, _:
            return last
        case 1, _:
            ambiguous = grouped and len(last) == 3 and decimals < 3
            return "" if ambiguous else f"{groups[0]}.{last}"
        case _, 1:
            return "".join((*groups, last)) if grouped and len(last) == 3 else ""
        case _:
            is_decimal = grouped and separators[-1] not in separators[:-1]
            return f"{''.join(groups)}.{last}" if is_decimal else ""


def moment(seconds: Any, field: str) -> datetime:
    """Return Unix seconds as a time in UTC."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not _EARLIEST <= seconds <= _LATEST:
        raise UnprocessableEvent(f"{field} is not a time")
    return datetime.fromtimestamp(seconds, UTC)


def any_moment(value: Any, field: str, zone: tzinfo) -> tuple[datetime, str]:
    """Return a time in any notation that relays use, and the name of the notation."""
    seconds = number(value)
    if seconds is None:
        try:
            at = datetime.fromisoformat(_in_iso(value))
            if at.tzinfo is None:
                return at.replace(tzinfo=zone).astimezone(UTC), "iso_without_zone"
            return at.astimezone(UTC), "iso"
        except (TypeError, ValueError, OverflowError):
            raise UnprocessableEvent(f"{field} is not a time") from None
    if seconds > _LATEST:
        return moment(seconds / 1000, field), "milliseconds"
    return moment(seconds, field), "seconds"


def any_moment_or_none(value: Any, field: str, zone: tzinfo) -> tuple[datetime, str] | None:
    """Return what `any_moment` does, or None for a missing time: blank, or only zeros."""
    found = text(value)
    return None if found is None or _NO_TIME.fullmatch(found) else any_moment(found, field, zone)


def _in_iso(value: Any) -> str:
    """Return ISO 8601 for the dates of Brazil, `31/12/2026`, and for zones after a blank."""
    value = _DAY_FIRST.sub(r"\3-\2-\1", value)
    return _ZONE_AFTER_BLANK.sub(lambda zone: "Z" if zone[0].strip() else "", value)


class TimestampReader(NamedTuple):
    """Reads the timestamps of a gateway that sends them without a zone."""

    gateway: str
    received_at: datetime
    zone: tzinfo

    def first(self, node: Mapping[str, Any], *names: str) -> datetime:
        """Return the first timestamp present, else the time of arrival.

        A timestamp after the arrival is in another zone. It is counted and replaced by the arrival.
        """
        for name in names:
            if found := any_moment_or_none(node.get(name), name, self.zone):
                at, _ = found
                if at > self.received_at:
                    count_variant(self.gateway, "stamp_ahead")
                return min(at, self.received_at)
        return self.received_at


def present(**values: Any) -> dict[str, Any]:
    """Return the values that are not None."""
    return {key: value for key, value in values.items() if value is not None}
