"""Careful reading of documents whose every value may be missing or of another type."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from orylo_ingest.gateways.port import NotUnderstood

EMPTY: Mapping[str, Any] = {}
_MAX_TEXT = 500
# Larger numbers are not exact in every JSON reader.
_MAX_DIGITS = 15
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
    """A whole number, also one written as a text."""
    if isinstance(value, str) and value.isascii() and value.strip().isdecimal() and len(value) < _MAX_DIGITS:
        return int(value)
    return value if type(value) is int and abs(value) < 10**_MAX_DIGITS else None


def moment(seconds: Any, what: str) -> datetime:
    """Unix seconds as a time in UTC."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not _EARLIEST <= seconds <= _LATEST:
        raise NotUnderstood(f"{what} is no time")
    return datetime.fromtimestamp(seconds, UTC)


def iso_moment(value: Any, what: str) -> datetime:
    """ISO 8601 with its zone."""
    try:
        parsed = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise NotUnderstood(f"{what} is no time") from None
    if parsed.tzinfo is None:
        raise NotUnderstood(f"{what} has no time zone")
    return parsed.astimezone(UTC)


def present(**values: Any) -> dict[str, Any]:
    """The values that are there."""
    return {key: value for key, value in values.items() if value is not None}
