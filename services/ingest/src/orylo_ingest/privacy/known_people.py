"""What is known of a person, found in other texts in whatever spelling it stands there."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple, Self

# Shorter ones are also words, or parts of other numbers.
_SHORTEST = 5
# A subscriber's own digits: the rest, area and country, may be left out.
_SUBSCRIBER = 8

# Upper case and what may stand between letters and digits do not count.
_TO_LOWER = bytes(range(256)).lower()
_BETWEEN = b" .,-_/+()'@\t\n\r"
_NOT_ASCII = re.compile(r"[^a-z0-9]+")

Span = tuple[int, int, str]


class KnownIdentifier(NamedTuple):
    """Letters and digits only, in lower case and without accents. `core` is the part that cannot be left out."""

    flat: str
    core: str
    token: str
    # Stands in the flat bytes of every text in which `core` stands.
    clue: bytes

    @classmethod
    def text(cls, clear: str, token: str) -> Self | None:
        """An e-mail, a name, or a document."""
        lowered = "".join(filter(str.isalnum, clear.lower()))
        if len(lowered) < _SHORTEST:
            return None
        if lowered.isascii():
            return cls(lowered, lowered, token, lowered.encode())
        # An accent may be written or left out: the longest part without any is the same either way.
        clue = max(_NOT_ASCII.split(lowered), key=len) or lowered
        flat = "".join(filter(str.isalnum, _plain(clear)))
        return cls(flat, flat, token, clue.encode())

    @classmethod
    def phone(cls, digits: str, token: str) -> Self:
        """`digits` with the country code."""
        core = digits[-_SUBSCRIBER:]
        return cls(digits, core, token, core.encode())


def flat_bytes(raw: bytes) -> bytes:
    """Where the clues are looked for."""
    return raw.translate(_TO_LOWER, _BETWEEN)


def replace_known(text: str, known: Iterable[KnownIdentifier]) -> str:
    """The text with the token in the place of each that it names."""
    plain = _plain(text)
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
    """Whether what stands before `at` and at it is one word, or one number."""
    if not 0 < at < len(flat) or places[at - 1] + 1 != places[at]:
        return False
    return flat[at - 1].isdigit() == flat[at].isdigit()


def _plain(text: str) -> str:
    """As long as the text: lower case, without accents, in ASCII where there is such a letter."""
    return text.lower() if text.isascii() else "".join(map(_plain_character, text))


@lru_cache(maxsize=4096)
def _plain_character(character: str) -> str:
    return unicodedata.normalize("NFKD", character)[0].lower()[0]
