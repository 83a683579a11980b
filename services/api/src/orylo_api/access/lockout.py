"""Slow down password guessing: after a few failures, each further attempt must wait longer."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from orylo_api.errors import TooManyAttempts
from orylo_common.http.addresses import network_of
from orylo_common.postgres.pool import Connection

# An attempt is counted before it is verified, so that concurrent attempts all count; a success undoes its count.
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
UNDO_CHARGE = "UPDATE api.login_failures SET failures = failures - 1, locked_until = $2 WHERE key = $1"

FORGOTTEN_AFTER = timedelta(hours=1)
# Of one account, from one network or one known device.
FREE_PER_ACCOUNT = 5
# An office or a mobile network shares one address.
FREE_PER_ADDRESS = 20


@dataclass(frozen=True, slots=True)
class LoginAttempt:
    """An attempt to sign in to an account, known or not. The keys of its counters are hashed.

    An account's failures count per network, and per device on devices that have signed in to it before. So guesses from
    elsewhere never make its owner wait.
    """

    account: bytes
    # None if the device is known, or if every caller would share the address.
    address: bytes | None

    @classmethod
    def of(cls, email: str, address: str, *, shared: bool = False, device: str | None = None) -> "LoginAttempt":
        """`shared`: the address is a proxy's. `device`: the id of a device that is known to the account."""
        if device is not None:
            return cls(_key("device", f"{device}:{email}"), None)
        network = network_of(address)
        return cls(_key("account", f"{network}:{email}"), None if shared else _key("address", network))

    @classmethod
    def of_user(cls, user_id: UUID) -> "LoginAttempt":
        """An attempt by someone who has the user's session or password already, from any network."""
        return cls(_key("user", str(user_id)), None)

    @property
    def counters(self) -> tuple[tuple[bytes, int], ...]:
        """The keys that count the attempt, with the number of failures that are free."""
        by_address = () if self.address is None else ((self.address, FREE_PER_ADDRESS),)
        return (*by_address, (self.account, FREE_PER_ACCOUNT))


async def charge(connection: Connection, attempt: LoginAttempt, now: datetime) -> None:
    """Count the attempt. Raises `TooManyAttempts` while it must wait."""
    for key, free in attempt.counters:
        if await connection.fetchval(CHARGE, key, now, FORGOTTEN_AFTER, free) is None:
            locked_until: datetime | None = await connection.fetchval(LOCKED_UNTIL, key)
            wait = max((locked_until or now) - now, timedelta(seconds=1))
            raise TooManyAttempts("too many failed attempts to sign in", retry_after=wait)


async def forgive(connection: Connection, attempt: LoginAttempt, now: datetime) -> None:
    """Undo the count of an attempt that succeeded, and forget the account's earlier failures from there."""
    await connection.execute(FORGET, attempt.account)
    if attempt.address is not None:
        await connection.execute(UNDO_CHARGE, attempt.address, now)


def _key(kind: str, value: str) -> bytes:
    return sha256(f"{kind}:{value}".encode()).digest()
