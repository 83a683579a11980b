"""Hashes of normalised values, and the tokens that represent them in scrubbed copies."""

from collections.abc import Callable
from hashlib import sha256

TOKEN_PREFIX = "sha256:"  # noqa: S105  a prefix, not a secret
# Of a document: HMAC-SHA-256 under the platform's document key.
KEYED_PREFIX = "hmac:"
TOKEN_PATTERN = f"(?:{TOKEN_PREFIX}|{KEYED_PREFIX})[0-9a-f]{{64}}"
_HASH_LENGTH = 64
_TOKEN_LENGTH = len(TOKEN_PREFIX) + _HASH_LENGTH
_KEYED_LENGTH = len(KEYED_PREFIX) + _HASH_LENGTH
_HEX = frozenset("0123456789abcdef")


def hash_of(normalised: str) -> str:
    """Return 64 lower-case hex digits. Rejects an empty text, whose hash would merge different people."""
    if not normalised:
        raise ValueError("nothing to hash")
    return sha256(normalised.encode()).hexdigest()


def token(normalised: str) -> str:
    """Return the hash in the notation of scrubbed copies."""
    return TOKEN_PREFIX + hash_of(normalised)


def is_token(value: str) -> bool:
    if len(value) == _TOKEN_LENGTH:
        return value.startswith(TOKEN_PREFIX) and _HEX.issuperset(value[len(TOKEN_PREFIX) :])
    return is_keyed_token(value)


def is_keyed_token(value: str) -> bool:
    return (
        len(value) == _KEYED_LENGTH and value.startswith(KEYED_PREFIX) and _HEX.issuperset(value[len(KEYED_PREFIX) :])
    )


def as_hash(value: str) -> str | None:
    """Return the SHA-256 in `value`: a token's, or 64 hex digits, as senders that hash their data write it."""
    if len(value) == _TOKEN_LENGTH and value.startswith(TOKEN_PREFIX):
        value = value[len(TOKEN_PREFIX) :]
    elif len(value) != _HASH_LENGTH:
        return None
    lower = value.lower()
    return lower if _HEX.issuperset(lower) else None


def hashed(value: str | None, normalise: Callable[[str], str | None]) -> str | None:
    """Return the hash of the normalised value, or the hash that it already is. None if nothing is left to hash."""
    if not value:
        return None
    if known := as_hash(value):
        return known
    normalised = normalise(value)
    return sha256(normalised.encode()).hexdigest() if normalised else None
