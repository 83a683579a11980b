"""Scrub people, card numbers and secrets from text that may contain anything: a note, an address, a parameter."""

import re
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import unquote

from orylo_common.hashing import TOKEN_PATTERN, is_token
from orylo_ingest.privacy.base64_emails import replace_base64_emails
from orylo_ingest.privacy.cards import mask_card_numbers
from orylo_ingest.privacy.contact_patterns import replace_bare_numbers, replace_contacts
from orylo_ingest.privacy.document_hashes import DocumentHashes
from orylo_ingest.privacy.first_names import FirstName, may_be_written_by_people, replace_first_names
from orylo_ingest.privacy.known_people import KnownIdentifier, replace_known
from orylo_ingest.privacy.screening import MAX_ENCODINGS, Screen

SECRET_MASK = "[secret]"  # noqa: S105  the mask, not a secret
# Shorter secrets could be words, or parts of words.
MIN_SECRET = 6

_UNESCAPED = re.compile(rb'[^"\\\x00-\x1f]+')
_TOKEN = re.compile(rf"({TOKEN_PATTERN})")


class FreeText(NamedTuple):
    """Scrubs recognisable patterns and, in addition, known people and the endpoint's secrets."""

    known: Sequence[KnownIdentifier] = ()
    secrets: Sequence[bytes] = ()
    documents: DocumentHashes = DocumentHashes()
    first_names: Sequence[FirstName] = ()

    def screen(self) -> Screen:
        """Return the screen for every finding."""
        # Of a secret with signs that JSON escapes, the longest part without any.
        clues = [
            max(_UNESCAPED.findall(each), key=len, default=b"") for each in self.secrets if len(each) >= MIN_SECRET
        ]
        return Screen(clues, self.known, self.first_names)

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
