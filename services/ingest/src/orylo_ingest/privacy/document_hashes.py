"""Tokens of documents: HMACs under the platform's key. A plain hash could be reversed by trying all numbers."""

import re
from dataclasses import dataclass, field

from orylo_common.control.document_key import DocumentKey
from orylo_common.hashing import KEYED_PREFIX, TOKEN_PREFIX, as_hash, hash_of, is_hash_of_nothing, is_keyed_token
from orylo_common.identifiers import normalise_document

MASK = "[document]"
# The flag in a scrubbed copy, alone or beside others.
_COUNTRY = re.compile(
    rb',"orylo":\{"flags":\{"document_country":"[A-Z]{2}"\}\}'
    rb'|,"document_country":"[A-Z]{2}"|"document_country":"[A-Z]{2}",'
)


@dataclass(slots=True)
class DocumentHashes:
    """The documents of one webhook. Without a key, a document is masked.

    `plain` maps each token to the one that earlier versions stored. It is kept in memory only.
    """

    key: DocumentKey | None = None
    plain: dict[str, str] = field(default_factory=dict, repr=False)

    def token(self, normalised: str) -> str:
        return self._keyed(hash_of(normalised))

    def token_of(self, value: str) -> str | None:
        """Return the token of a document in clear, hashed, or replaced before. None if nothing is left."""
        if is_keyed_token(value):
            return value
        if plain_hash := as_hash(value):
            return self._keyed(plain_hash)
        normalised = None if is_hash_of_nothing(value) else normalise_document(value)
        return self.token(normalised) if normalised else None

    def as_stored_before(self, payload: bytes) -> bytes:
        """Return a scrubbed copy as earlier versions stored it: with plain hashes, without the document's country."""
        payload = _COUNTRY.sub(b"", payload) if self.plain else payload
        for token, plain in self.plain.items():
            payload = payload.replace(token.encode(), plain.encode())
        return payload

    def digest_of(self, plain_digest: bytes) -> bytes:
        """Return the hash of a content under the key. The hash itself, if the content includes no document."""
        return self.key.digest_of(plain_digest) if self.key and self.plain else plain_digest

    def _keyed(self, plain_hash: str) -> str:
        if self.key is None:
            return MASK
        token = KEYED_PREFIX + self.key.hash_of(plain_hash)
        self.plain[token] = TOKEN_PREFIX + plain_hash
        return token
