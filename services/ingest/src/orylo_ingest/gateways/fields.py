"""Careful reading of documents whose every value may be missing or of another type."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any, NamedTuple

from orylo_ingest.gateways.port import NotUnderstood
from orylo_ingest.metrics import count_variant

# America/Sao_Paulo, which has had no summer time since 2019.
SAO_PAULO = timezone(timedelta(hours=-3))

EMPTY: Mapping[str, Any] = {}
_MAX_TEXT = 500
# Larger numbers are not exact in every JSON reader.
_MAX_DIGITS = 15
_NUMBER = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,9})?")
# Outside of these years a number is no time of a payment.
_EARLIEST, _LATEST = 946_684_800, 4_102_444_800


def child(node: Any, *path: str) -> Mapping[str, Any]:
    """The object at `path`, or an empty one."""
    for key in path:
        if type(node) is not dict:
            return EMPTY
        node = node.get(key)
    return node if type(node) is dict else EMPTY


def first(node: Any, *path: str) -> Mapping[str, Any]:
    """The first object of the list at `path`, or an empty one."""
    *above, last = path
    items = child(node, *above).get(last)
    return items[0] if isinstance(items, list) and items and isinstance(items[0], dict) else EMPTY


def text(value: Any) -> str | None:
    """A text, or a number as one; None for nothing, blanks and everything else."""
    if value is None:
        return None
    kind = type(value)
    if kind is str:
        return value.strip()[:_MAX_TEXT] or None
    return str(value) if kind is int or kind is float else None


def required(value: Any, what: str) -> str:
    found = text(value)
    if found is None:
        raise NotUnderstood(f"{what} is missing")
    return found


def integer(value: Any) -> int | None:
    """A whole number, also one written as a text or with a fraction of nothing."""
    if isinstance(value, str) and value.isascii() and value.strip().isdecimal() and len(value) < _MAX_DIGITS:
        return int(value)
    if type(value) is float and value.is_integer():
        value = int(value)
    return value if type(value) is int and abs(value) < 10**_MAX_DIGITS else None


def number(value: Any) -> float | None:
    """A number, also one written as a text."""
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        return float(value)
    return value if type(value) in (int, float) else None


def moment(seconds: Any, what: str) -> datetime:
    """Unix seconds as a time in UTC."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not _EARLIEST <= seconds <= _LATEST:
        raise NotUnderstood(f"{what} is no time")
    return datetime.fromtimestamp(seconds, UTC)


def iso_moment(value: Any, what: str) -> datetime:
    """ISO 8601 with its zone."""
    try:
        parsed = datetime.fromisoformat(value)
        if parsed.tzinfo is not None:
            return parsed.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        raise NotUnderstood(f"{what} is no time") from None
    raise NotUnderstood(f"{what} has no time zone")


def any_moment(value: Any, what: str, zone: tzinfo) -> tuple[datetime, str]:
    """A time in any of the ways that relays write one, and which of them it was."""
    seconds = number(value)
    if seconds is None:
        try:
            at = datetime.fromisoformat(value)
            if at.tzinfo is None:
                return at.replace(tzinfo=zone).astimezone(UTC), "iso_without_zone"
            return at.astimezone(UTC), "iso"
        except (TypeError, ValueError, OverflowError):
            raise NotUnderstood(f"{what} is no time") from None
    if seconds > _LATEST:
        return moment(seconds / 1000, what), "milliseconds"
    return moment(seconds, what), "seconds"


class Stamps(NamedTuple):
    """Reads a gateway's stamps, which name no zone."""

    gateway: str
    received_at: datetime
    zone: tzinfo

    def first(self, node: Mapping[str, Any], *names: str) -> datetime:
        """The first time that is there. Nothing has happened after it was received: one that is ahead is none of
        this zone."""
        for name in names:
            value = text(node.get(name))
            if value:
                at, _ = any_moment(value, name, self.zone)
                if at > self.received_at:
                    count_variant(self.gateway, "stamp_ahead")
                return min(at, self.received_at)
        return self.received_at


def present(**values: Any) -> dict[str, Any]:
    """The values that are there."""
    return {key: value for key, value in values.items() if value is not None}
