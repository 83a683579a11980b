"""The key that keeps hashes of documents (CPF, CNPJ) from being reversed by trying all numbers."""

import hmac
from hashlib import sha256

KEY_BYTES = 32


class DocumentKey:
    """HMAC-SHA-256 over the SHA-256 of a document.

    A document that arrives hashed has therefore the same result as in clear, and so has a hash that an earlier version
    stored. One use takes some 2 µs.
    """

    def __init__(self, key: bytes) -> None:
        """`key` has at least `KEY_BYTES` bytes."""
        if len(key) < KEY_BYTES:
            raise ValueError(f"a document key has at least {KEY_BYTES} bytes")
        self._empty = hmac.new(key, digestmod=sha256)

    def hash_of(self, plain_hash: str) -> str:
        """Return 64 lower-case hex digits for the 64 of the document's SHA-256."""
        mac = self._empty.copy()
        mac.update(plain_hash.encode())
        return mac.hexdigest()

    def digest_of(self, plain_digest: bytes) -> bytes:
        """Return 32 bytes for the SHA-256 of a text that contains a document's hash."""
        mac = self._empty.copy()
        mac.update(plain_digest)
        return mac.digest()
