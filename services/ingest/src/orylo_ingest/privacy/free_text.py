"""Scrub people, card numbers and secrets from text that may contain anything: a note, an address, a parameter.

A document is first screened as a whole, which is cheap. Only documents with a finding are walked value by value.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import unquote, unquote_to_bytes

from orylo_common.hashing import TOKEN_PATTERN, is_token
from orylo_ingest.privacy.base64_emails import may_hold_base64_email, replace_base64_emails
from orylo_ingest.privacy.cards import MASK, mask_card_numbers, may_hold_card_number, outline_of
from orylo_ingest.privacy.contact_patterns import may_hold_contacts, replace_bare_numbers, replace_contacts
from orylo_ingest.privacy.document_hashes import DocumentHashes
from orylo_ingest.privacy.first_names import FirstName, may_be_written_by_people, replace_first_names
from orylo_ingest.privacy.known_people import KnownIdentifier, flat_bytes, replace_known
from orylo_ingest.privacy.personal_keys import is_identifier

SECRET_MASK = "[secret]"  # noqa: S105  the mask, not a secret
# Shorter secrets could be words, or parts of words.
MIN_SECRET = 6
# A URL inside a URL inside a URL: each level encodes its content again.
MAX_ENCODINGS = 3

# Hotmart's transaction ids. Masked, two sales would have the same id.
_TRANSACTION = re.compile(r"HP[0-9]{10,16}")
_TOKEN = re.compile(rf"({TOKEN_PATTERN})")
_JSON_ESCAPE = re.compile(rb"\\(?:u[0-9a-f]{4}|.)")


@dataclass(slots=True)
class ScanBudget:
    """The remaining number of characters of suspicious text to clean in a large document."""

    left: int


class FreeText(NamedTuple):
    """Scrubs recognisable patterns and, in addition, known people and the endpoint's secrets."""

    known: Sequence[KnownIdentifier] = ()
    secrets: Sequence[bytes] = ()
    documents: DocumentHashes = DocumentHashes()
    first_names: Sequence[FirstName] = ()

    def may_be_in(self, payload: bytes) -> bool:
        """Return False only if `clean` would change no text in the JSON document."""
        payload = _decoded(payload)
        outline = outline_of(payload)
        if may_hold_contacts(payload, outline) or may_hold_card_number(payload, outline):
            return True
        for secret in self.secrets:
            if len(secret) >= MIN_SECRET and secret in payload:
                return True
        if self.known:
            flat = flat_bytes(payload)
            for each in self.known:
                if each.clue in flat:
                    return True
        if self.first_names:
            lowered = payload.lower()
            for name in self.first_names:
                if name.may_be_in(lowered):
                    return True
        return may_hold_base64_email(payload)

    def clean(self, text: str, key: str = "", *, of_an_id: bool = False) -> str:
        """Return the text with a token or a mask in place of each finding. A text with a finding is returned decoded.

        `of_an_id` marks text under a key whose numbers identify something other than a person.
        """
        bare_numbers = not of_an_id or any(map(str.isspace, text))
        names = self.first_names if not of_an_id and may_be_written_by_people(text, key) else ()
        if "%" in text:
            plain = text
            for _ in range(MAX_ENCODINGS):
                plain = unquote(plain).replace("\0", "")
            cleaned = self._clean(plain, bare_numbers, names)
            if cleaned != plain:
                return cleaned
        return self._clean(text, bare_numbers, names)

    def clean_all(self, value: Any, key: str = "", budget: ScanBudget | None = None) -> Any:
        """Clean every text and number in a document, and the names of its fields. `key` is the key of `value`.

        Once `budget` is exhausted, suspicious texts are masked whole, as a card is. A record with such a mask in an id
        is quarantined.
        """
        if isinstance(value, str):
            of_an_id = is_identifier(key)
            if of_an_id and _TRANSACTION.fullmatch(value):
                return value
            return self._within_budget(value, budget) or self.clean(value, key, of_an_id=of_an_id)
        if isinstance(value, dict):
            return {
                self._within_budget(name, budget) or self.clean(name): self.clean_all(item, name, budget)
                for name, item in value.items()
            }
        if isinstance(value, list):
            return [self.clean_all(item, key, budget) for item in _without_card_in_parts(value)]
        if isinstance(value, int | float) and not isinstance(value, bool):
            written = str(int(value))
            cleaned = self.clean(written, of_an_id=is_identifier(key))
            return value if cleaned == written else cleaned
        return value

    def _within_budget(self, text: str, budget: ScanBudget | None) -> str | None:
        """Return the replacement for a text that needs no cleaning, or for which the budget is exhausted; else None."""
        if budget is None:
            return None
        if not self.may_be_in(text.encode()):
            return text
        budget.left -= len(text)
        return MASK if budget.left < 0 else None

    def _clean(self, text: str, bare_numbers: bool, names: Sequence[FirstName]) -> str:
        if is_token(text):
            return text
        for secret in self.secrets:
            if len(secret) >= MIN_SECRET:
                text = text.replace(secret.decode(errors="replace"), SECRET_MASK)
        text = replace_contacts(replace_known(text, self.known), self.documents)
        if names:
            text = replace_first_names(text, names)
        if ":" not in text:
            return self._without_numbers(text, bare_numbers)
        # One hash in three hundred contains digits that would pass as a card number.
        return "".join(
            part if is_token(part) else self._without_numbers(part, bare_numbers) for part in _TOKEN.split(text)
        )

    def _without_numbers(self, text: str, bare_numbers: bool) -> str:
        text = mask_card_numbers(text)
        if bare_numbers:
            text = replace_bare_numbers(text, self.documents)
        return replace_base64_emails(text)


def _without_card_in_parts(items: list[Any]) -> list[Any]:
    """Return the list with a mask in place of texts that together form a card number."""
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
