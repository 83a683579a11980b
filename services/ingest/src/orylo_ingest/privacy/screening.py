"""Find out quickly which kinds of findings a JSON document, or a part of it, may hold."""

import re
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from orylo_common.hashing import TOKEN_PATTERN
from orylo_ingest.privacy.base64_emails import may_hold_base64_email
from orylo_ingest.privacy.cards import may_hold_card_number, outline_of
from orylo_ingest.privacy.contact_patterns import may_hold_contacts
from orylo_ingest.privacy.first_names import FirstName
from orylo_ingest.privacy.known_people import KnownIdentifier, flat_bytes

# A URL inside a URL inside a URL: each level encodes its content again.
MAX_ENCODINGS = 3

_JSON_ESCAPE = re.compile(rb"\\(?:u[0-9a-f]{4}|.)")
_TOKEN = re.compile(TOKEN_PATTERN.encode())
# Of a contact or a number, with the quotes around it: "a@b.c".
_SHORTEST = 7


class Screen(NamedTuple):
    """Clues to secrets and people, and two kinds of patterns. False if no finding is possible.

    A screen may suspect what is no finding. In plain text (`is_plain`) it overlooks none.
    """

    secrets: Sequence[bytes]
    known: Sequence[KnownIdentifier]
    first_names: Sequence[FirstName]
    numbers_and_contacts: bool = True
    base64_emails: bool = True

    def __bool__(self) -> bool:
        return any(self)

    def narrowed_to(self, raw: bytes) -> "Screen":
        """Return a screen for the parts of a JSON document, without what the document does not hold."""
        raw = _decoded(raw)
        flat = flat_bytes(raw) if self.known else b""
        lowered = raw.lower() if self.first_names else b""
        # A finding may follow a token without a separator, which a pattern would take for one word.
        apart = _TOKEN.sub(b" ", raw) if b"sha256:" in raw or b"hmac:" in raw else raw
        return Screen(
            [each for each in self.secrets if each in raw],
            [each for each in self.known if each.clue in flat],
            [each for each in self.first_names if each.may_be_in(lowered)],
            self.numbers_and_contacts and _may_hold_numbers_or_contacts(raw, apart),
            self.base64_emails and may_hold_base64_email(apart),
        )


def is_plain(text: bytes) -> bool:
    """Return whether the text is ASCII that encodes nothing else."""
    return text.isascii() and b"%" not in text


def _may_hold_numbers_or_contacts(raw: bytes, apart: bytes) -> bool:
    if len(raw) < _SHORTEST:
        return False
    return _may_hold_either(raw) or (apart != raw and _may_hold_either(apart))


def _may_hold_either(raw: bytes) -> bool:
    outline = outline_of(raw)
    return may_hold_contacts(raw, outline) or may_hold_card_number(raw, outline)


def _decoded(raw: bytes) -> bytes:
    # The escapes first: a backslash that was percent-encoded is a character like others.
    if b"\\" in raw:
        raw = _JSON_ESCAPE.sub(b" ", raw)
    for _ in range(MAX_ENCODINGS):
        if b"%" not in raw:
            break
        raw = unquote_to_bytes(raw)
    return raw
