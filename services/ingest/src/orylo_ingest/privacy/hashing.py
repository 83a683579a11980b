"""SHA-256 of what is normalised, and the form in which a scrubbed copy holds it."""

from collections.abc import Callable
from hashlib import sha256

TOKEN_PREFIX = "sha256:"  # noqa: S105  no secret: what a hash begins with
_TOKEN_LENGTH = len(TOKEN_PREFIX) + 64
_HEX = frozenset("0123456789abcdef")


def hash_of(normalised: str) -> str:
    """64 lower-case hex digits. Never of an empty text: all such people would be one."""
    if not normalised:
        raise ValueError("nothing to hash")
    return sha256(normalised.encode()).hexdigest()


def token(normalised: str) -> str:
    """The hash as a scrubbed copy holds it."""
    return TOKEN_PREFIX + hash_of(normalised)


def is_token(value: str) -> bool:
    return len(value) == _TOKEN_LENGTH and value.startswith(TOKEN_PREFIX) and _HEX.issuperset(value[7:])


def hashed(value: str | None, normalise: Callable[[str], str | None]) -> str | None:
    """The hash of the normalised value; a token's own hash; None where nothing is left to hash."""
    if not value:
        return None
    if is_token(value):
        return value[len(TOKEN_PREFIX) :]
    normalised = normalise(value)
    return sha256(normalised.encode()).hexdigest() if normalised else None
