"""Find the known identifiers of a person in other texts, in any spelling."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple, Self

# Shorter ones could be words, or parts of other numbers.
_SHORTEST = 5
# The subscriber's own digits. Area and country code may be missing.
_SUBSCRIBER = 8

# Case and separators are ignored.
_TO_LOWER = bytes(range(256)).lower()
_BETWEEN = bytes(sign for sign in range(0x80) if not chr(sign).isalnum())
_NOT_ASCII = re.compile(r"[^a-z0-9]+")

Span = tuple[int, int, str]


class KnownIdentifier(NamedTuple):
    """An identifier in lower-case letters and digits, without accents. `core` is the part that is never left out."""

    flat: str
    core: str
    token: str
    # Occurs in the flat bytes of every text in which `core` occurs.
    clue: bytes

    @classmethod
    def text(cls, clear: str, token: str) -> Self | None:
        """Return an email, a name, or a document. None if it is too short."""
        lowered = "".join(filter(str.isalnum, clear.lower()))
        if len(lowered) < _SHORTEST:
            return None
        if lowered.isascii():
            return cls(lowered, lowered, token, lowered.encode())
        # Accents may be missing: the longest part without any is the same either way.
        clue = max(_NOT_ASCII.split(lowered), key=len) or lowered
        flat = "".join(filter(str.isalnum, plain_text(clear)))
        return cls(flat, flat, token, clue.encode())

    @classmethod
    def phone(cls, digits: str, token: str) -> Self:
        """`digits` include the country code."""
        core = digits[-_SUBSCRIBER:]
        return cls(digits, core, token, core.encode())


def flat_bytes(raw: bytes) -> bytes:
    """Return the bytes in which to search for clues."""
    return raw.translate(_TO_LOWER, _BETWEEN)


def replace_known(text: str, known: Iterable[KnownIdentifier]) -> str:
    """Return the text with the token in place of each identifier that occurs in it."""
    plain = plain_text(text)
    flat = "".join(filter(str.isalnum, plain))
    named = [each for each in known if each.core in flat]
    if not named:
        return text
    places = [place for place, character in enumerate(plain) if character.isalnum()]
    kept, end = [], 0
    for start, stop, token in sorted(span for each in named for span in _spans(each, flat, places)):
        if start >= end:
            kept += [text[end:start], token]
            end = stop
    return "".join([*kept, text[end:]])


def _spans(known: KnownIdentifier, flat: str, places: Sequence[int]) -> Iterable[Span]:
    rest = known.flat[: -len(known.core)]
    begin = flat.find(known.core)
    while begin >= 0:
        end, first = begin + len(known.core), begin
        for digit in reversed(rest):
            if not first or flat[first - 1] != digit:
                break
            first -= 1
        if rest:
            # Trunk and international prefixes.
            first = len(flat[:first].rstrip("0"))
        if not _runs_on(flat, places, first) and not _runs_on(flat, places, end):
            yield places[first], places[end - 1] + 1, known.token
        begin = flat.find(known.core, end)


def _runs_on(flat: str, places: Sequence[int], at: int) -> bool:
    """Return whether a word or a number continues across position `at`."""
    if not 0 < at < len(flat) or places[at - 1] + 1 != places[at]:
        return False
    return flat[at - 1].isdigit() == flat[at].isdigit()


def plain_text(text: str) -> str:
    """Return a text of the same length in lower case, without accents, in ASCII if possible."""
    return text.lower() if text.isascii() else "".join(map(_plain_character, text))


@lru_cache(maxsize=4096)
def _plain_character(character: str) -> str:
    return unicodedata.normalize("NFKD", character)[0].lower()[0]
