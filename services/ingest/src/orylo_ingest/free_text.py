"""People, card numbers and secrets in texts that may hold anything: a merchant's note, an address, a parameter.

A document is first looked through as a whole, which is cheap; only one with something in it is gone through again.
"""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import unquote, unquote_to_bytes

from orylo_common.identity import (
    TOKEN_PREFIX,
    Known,
    flat_bytes,
    is_token,
    mask_card_numbers,
    may_hold_card_number,
    normalisation,
    replace_known,
    token,
)
from orylo_common.identity.phones import phone_digits
from orylo_ingest.personal_keys import is_identifier

SECRET_MASK = "[secret]"  # noqa: S105  no secret: what stands in its place
# A shorter one is a word, or part of one.
MIN_SECRET = 6
# An address in an address in an address: each encodes what it holds once more.
MAX_ENCODINGS = 3

# As long as mail allows and no longer, so that a long text without an address is searched in one go.
_EMAIL = re.compile(
    r"[^\s@<>()\[\]\"',;:|=&?/\\]{1,64}@[^\s@<>()\[\]\"',;:|=&?/\\]{1,250}\.[^\s@<>()\[\]\"',;:|=&?/\\.]+"
)
_PHONE = re.compile(r"\+[0-9(][0-9 ().\-]{6,18}[0-9]")
_DOCUMENT = re.compile(r"\b[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}\b|\b[0-9]{2}\.[0-9]{3}\.[0-9]{3}/[0-9]{4}-[0-9]{2}\b")
_PHONE_IN_BYTES = re.compile(rb"\+[0-9(][0-9 ().\-]{6}")
_DOCUMENT_IN_BYTES = re.compile(rb"\.[0-9]{3}[-/][0-9]{2}")
# Hotmart's transactions. Masked, two sales would have one and the same id.
_TRANSACTION = re.compile(r"HP[0-9]{10,16}")
_TOKEN = re.compile(rf"({TOKEN_PREFIX}[0-9a-f]{{64}})")
_JSON_ESCAPE = re.compile(rb"\\(?:u[0-9a-f]{4}|.)")


class FreeText(NamedTuple):
    """What is looked for beside what has a form of its own: who is known, and the endpoint's secrets."""

    known: Sequence[Known] = ()
    secrets: Sequence[bytes] = ()

    def may_be_in(self, payload: bytes) -> bool:
        """Whether anything is in a JSON document. False only where `clean` would change none of its texts."""
        payload = _decoded(payload)
        if b"@" in payload or may_hold_card_number(payload):
            return True
        if b"+" in payload and _PHONE_IN_BYTES.search(payload) is not None:
            return True
        if _DOCUMENT_IN_BYTES.search(payload) is not None:
            return True
        for secret in self.secrets:
            if len(secret) >= MIN_SECRET and secret in payload:
                return True
        if self.known:
            flat = flat_bytes(payload)
            for each in self.known:
                if each.clue in flat:
                    return True
        return False

    def clean(self, text: str) -> str:
        """The text with a token, or a mask, in the place of each. One that hides something is kept decoded."""
        if "%" in text:
            plain = text
            for _ in range(MAX_ENCODINGS):
                plain = unquote(plain).replace("\0", "")
            cleaned = self._clean(plain)
            if cleaned != plain:
                return cleaned
        return self._clean(text)

    def clean_all(self, value: Any, key: str = "") -> Any:
        """Every text and number in a document, and the names of its fields. `key` is the one it stands under."""
        if isinstance(value, str):
            return value if _TRANSACTION.fullmatch(value) and is_identifier(key) else self.clean(value)
        if isinstance(value, dict):
            return {self.clean(name): self.clean_all(item, name) for name, item in value.items()}
        if isinstance(value, list):
            return [self.clean_all(item, key) for item in _without_card_in_parts(value)]
        if isinstance(value, int | float) and not isinstance(value, bool):
            written = str(int(value))
            cleaned = self._clean(written)
            return value if cleaned == written else cleaned
        return value

    def _clean(self, text: str) -> str:
        if is_token(text):
            return text
        for secret in self.secrets:
            if len(secret) >= MIN_SECRET:
                text = text.replace(secret.decode(errors="replace"), SECRET_MASK)
        text = replace_known(text, self.known)
        if "@" in text:
            text = _EMAIL.sub(lambda found: token(found[0].lower()), text)
        if "+" in text:
            text = _PHONE.sub(lambda found: token(phone_digits(found[0]) or found[0]), text)
        text = _DOCUMENT.sub(lambda found: token(normalisation.document(found[0]) or found[0]), text)
        if TOKEN_PREFIX not in text:
            return mask_card_numbers(text)
        # In one of three hundred hashes stand digits that would pass as a card number.
        return "".join(part if is_token(part) else mask_card_numbers(part) for part in _TOKEN.split(text))


def _without_card_in_parts(items: list[Any]) -> list[Any]:
    """A list of texts, each a part of a card number, with the mask in their place."""
    if not all(type(item) is str and item.isdecimal() for item in items):
        return items
    joined = "|".join(items)
    masked = mask_card_numbers(joined)
    return items if masked == joined else masked.split("|")


def _decoded(payload: bytes) -> bytes:
    for _ in range(MAX_ENCODINGS):
        if b"%" not in payload:
            break
        payload = unquote_to_bytes(payload)
    return _JSON_ESCAPE.sub(b" ", payload) if b"\\" in payload else payload
