"""Guessing passwords is made slow: after a few failures each further attempt has to wait, longer every time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import IPv6Address, ip_address

from orylo_api.errors import TooManyAttempts
from orylo_common.postgres.pool import Connection

# An attempt is counted before it is looked at, so that many at once are counted too; a success takes it back.
CHARGE = """
    INSERT INTO api.login_failures AS f (key, failures, last_at, locked_until) VALUES ($1, 1, $2, $2)
    ON CONFLICT (key) DO UPDATE SET
        failures = CASE WHEN f.last_at < $2 - $3::interval THEN 1 ELSE f.failures + 1 END,
        last_at = $2,
        locked_until = CASE
            WHEN f.last_at < $2 - $3::interval OR f.failures < $4 THEN $2
            ELSE $2 + least(interval '15 minutes', make_interval(secs => power(2, least(f.failures + 1 - $4, 20))))
        END
    WHERE f.locked_until <= $2
    RETURNING failures
"""
LOCKED_UNTIL = "SELECT locked_until FROM api.login_failures WHERE key = $1"
FORGET = "DELETE FROM api.login_failures WHERE key = $1"
TAKE_BACK = "UPDATE api.login_failures SET failures = failures - 1, locked_until = $2 WHERE key = $1"

FORGOTTEN_AFTER = timedelta(hours=1)
FREE_PER_ACCOUNT = 5
# An office or a mobile network shares one address.
FREE_PER_ADDRESS = 20


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to sign in: at an account, known or not, from an address."""

    account: bytes
    address: bytes

    @classmethod
    def of(cls, email: str, address: str) -> "Attempt":
        return cls(_key("account", email), _key("address", _network(address)))


async def charge(connection: Connection, attempt: Attempt, now: datetime) -> None:
    """Count the attempt. Raises `TooManyAttempts` while the account or the address has to wait."""
    for key, free in ((attempt.address, FREE_PER_ADDRESS), (attempt.account, FREE_PER_ACCOUNT)):
        if await connection.fetchval(CHARGE, key, now, FORGOTTEN_AFTER, free) is None:
            locked_until: datetime | None = await connection.fetchval(LOCKED_UNTIL, key)
            wait = max((locked_until or now) - now, timedelta(seconds=1))
            raise TooManyAttempts("too many failed attempts to sign in", retry_after=wait)


async def forgive(connection: Connection, attempt: Attempt, now: datetime) -> None:
    """The attempt succeeded: the account starts anew, the address gets its attempt back."""
    await connection.execute(FORGET, attempt.account)
    await connection.execute(TAKE_BACK, attempt.address, now)


def _key(kind: str, value: str) -> bytes:
    return sha256(f"{kind}:{value}".encode()).digest()


def _network(address: str) -> str:
    """Whoever has one IPv6 address has the 2**64 beside it too."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(int(parsed) >> 64) if isinstance(parsed, IPv6Address) else address
