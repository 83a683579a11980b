"""Hashes of normalised values, and the tokens that represent them in scrubbed copies."""

import re
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
# With the appendix that Meta's parameter builder adds.
_WRITTEN_HASH = re.compile(r"(?i)\s*(?:sha-?256[:=])?\s*([0-9a-f]{64})(?:\.[a-z0-9_-]{2,8})?\s*")
# What a decoder puts in the place of bytes that it cannot read.
_DAMAGED = "\ufffd"
# What programming languages write for a value that is missing. Some senders send this, or hash it.
_NOTHING = frozenset({"null", "none", "undefined"})
_HASHES_OF_NOTHING = frozenset(
    sha256(nothing.encode()).hexdigest()
    for nothing in (*_NOTHING, "", " ", "None", "nil", "nan", "NaN", "[object Object]")
)


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
    """Return the SHA-256 in `value`: a token's, or 64 hex digits, as senders that hash their data write it.

    None for the hash of a missing value, which would merge all people without one.
    """
    found = _hash_in(value)
    return None if found in _HASHES_OF_NOTHING else found


def is_hash_of_nothing(value: str) -> bool:
    """Return whether a sender hashed a missing value."""
    return _hash_in(value) in _HASHES_OF_NOTHING


def _hash_in(value: str) -> str | None:
    found = _WRITTEN_HASH.fullmatch(value) if len(value) >= _HASH_LENGTH else None
    return found[1].lower() if found else None


def hashed(value: str | None, normalise: Callable[[str], str | None]) -> str | None:
    """Return the hash of the normalised value, or the hash that it already is.

    None if nothing is left to hash, or if the value lost a character on its way: its hash would be that of another one.
    """
    if not value:
        return None
    if known := as_hash(value):
        return known
    if is_hash_of_nothing(value) or _DAMAGED in value:
        return None
    normalised = normalise(value)
    return sha256(normalised.encode()).hexdigest() if normalised and normalised not in _NOTHING else None
