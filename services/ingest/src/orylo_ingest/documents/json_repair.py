"""Repair JSON that a lenient parser accepts and a strict one rejects: half an emoji, bytes in another encoding,
control characters in strings, infinite numbers."""

import json
import math

# The range of integers that a strict parser accepts.
_MIN_INTEGER, _MAX_INTEGER = -(2**63), 2**64 - 1
_MAX_DIGITS = 20


def repaired(text: bytes) -> bytes:
    """Return `text` as strict JSON in UTF-8. Half an emoji becomes a question mark, an invalid number `null`.

    Raises `ValueError` if it is not JSON at all, or nested too deeply.
    """
    try:
        parsed = json.loads(
            decoded(text),
            strict=False,
            parse_int=_integer,
            parse_float=_finite,
            parse_constant=lambda _: None,
        )
        return json.dumps(parsed, ensure_ascii=False).encode("utf-8", "replace")
    except RecursionError:
        raise ValueError("nested too deeply") from None


def decoded(text: bytes) -> str:
    """Return `text` in UTF-8, or in Windows-1252 if no character in it is UTF-8's beyond ASCII.

    Otherwise it is UTF-8 that was damaged, and invalid bytes become U+FFFD.
    """
    try:
        return text.decode()
    except UnicodeDecodeError:
        is_damaged = not text.decode("utf-8", "ignore").isascii()
        return text.decode("utf-8" if is_damaged else "cp1252", "replace")


def _integer(literal: str) -> int | float | None:
    if len(literal) <= _MAX_DIGITS and _MIN_INTEGER <= (number := int(literal)) <= _MAX_INTEGER:
        return number
    return _finite(literal)


def _finite(literal: str) -> float | None:
    number = float(literal)
    return number if math.isfinite(number) else None
