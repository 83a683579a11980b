"""Find the buyer's first name, on its own, in text that people write."""

import re
from collections.abc import Sequence
from typing import NamedTuple, Self

from orylo_common.hashing import TOKEN_PATTERN
from orylo_ingest.privacy.known_people import plain_text

# Shorter ones are words: de, da, em.
_SHORTEST = 3
# A single word may be a status or a currency, unless its key says that people write there.
_WRITTEN = re.compile(r"[\s=?&]")
_NOTE = re.compile(r"not[ae]|obs|remark|messag|mensage|coment|comment|recado|dedic|descri|text", re.IGNORECASE)
# Names of things: those of people are replaced as a whole.
_NAME_OF_A_THING = re.compile(r"(?:name|nome|title|titulo)$", re.IGNORECASE)
_WORD = re.compile(rf"{TOKEN_PATTERN}|[^\W\d_]+")
_NOT_ASCII = re.compile(r"[^a-z]+")
_LETTERS = frozenset(map(ord, "abcdefghijklmnopqrstuvwxyz"))


class FirstName(NamedTuple):
    """A first name in lower case without accents, and its token."""

    word: str
    token: str
    # Occurs, in lower case, wherever the name does. Accents may be missing, so it is the longest part without any.
    clue: bytes
    begins_word: bool
    ends_word: bool

    @classmethod
    def of(cls, name: str, token: str) -> Self | None:
        """Return the first word of `name`. None if it is too short, or not a word."""
        written = name.strip().partition(" ")[0].lower()
        word = plain_text(written)
        if len(word) < _SHORTEST or not word.isalpha():
            return None
        clue = max(_NOT_ASCII.split(written), key=len) or written
        return cls(word, token, clue.encode(), written.startswith(clue), written.endswith(clue))

    def may_be_in(self, lowered: bytes) -> bool:
        """Return False only if the name does not occur as a word of its own. `lowered` is in lower case."""
        at = lowered.find(self.clue)
        while at >= 0:
            end = at + len(self.clue)
            runs_on = self.begins_word and at > 0 and lowered[at - 1] in _LETTERS
            if not runs_on and not (self.ends_word and end < len(lowered) and lowered[end] in _LETTERS):
                return True
            at = lowered.find(self.clue, end)
        return False


def may_be_written_by_people(text: str, key: str) -> bool:
    """Return whether a first name in the text is likely the buyer's, and not a word that a program reads."""
    if _NAME_OF_A_THING.search(key):
        return False
    return _WRITTEN.search(text) is not None or _NOTE.search(key) is not None


def replace_first_names(text: str, names: Sequence[FirstName]) -> str:
    """Return the text with the token in place of each name, in any case, with or without accents."""
    tokens = {name.word: name.token for name in names}
    return _WORD.sub(lambda found: tokens.get(plain_text(found[0]), found[0]), text)
