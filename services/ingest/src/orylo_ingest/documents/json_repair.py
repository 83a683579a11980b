"""JSON that a strict reader refuses and a lenient one takes: an emoji cut in two, bytes of another encoding, control
characters in a text, numbers beyond all numbers."""

import json
import math

# What a strict reader takes as a whole number.
_LEAST, _MOST = -(2**63), 2**64 - 1
_MAX_DIGITS = 20


def mended(text: bytes) -> bytes:
    """The same as strict JSON in UTF-8: what is no character becomes one that says so, what is no number `null`.

    Raises `ValueError` for what is no JSON, or is nested too deeply.
    """
    try:
        read = json.loads(
            text.decode("utf-8", "replace"),
            strict=False,
            parse_int=_whole,
            parse_float=_finite,
            parse_constant=lambda _: None,
        )
        return json.dumps(read, ensure_ascii=False).encode("utf-8", "replace")
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _whole(written: str) -> int | float | None:
    if len(written) <= _MAX_DIGITS and _LEAST <= (number := int(written)) <= _MOST:
        return number
    return _finite(written)


def _finite(written: str) -> float | None:
    number = float(written)
    return number if math.isfinite(number) else None
