"""How much may come, by tenant and by address: counted here, settled with all other processes ten times a second.

No request waits for Redis. What a process took since it last settled is added to the shared count of the window;
when that exceeds the limit, whoever it is has to wait until the window ends. Redis away: nobody is limited.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any, Self, cast
from uuid import UUID

import structlog
from aiohttp import hdrs, web
from limits import RateLimitItem, RateLimitItemPerSecond
from limits.aio.storage import RedisStorage
from limits.aio.strategies import FixedWindowRateLimiter
from redis.asyncio import Redis
from redis.exceptions import RedisError

from orylo_common.errors import TransientError
from orylo_common.repeating import repeating
from orylo_common.resilience.circuit_breaker import CircuitBreaker

# A burst may take the whole of a window's allowance at once.
WINDOW_S = 10
SETTLE_EVERY = timedelta(milliseconds=100)
# For all of one round of settling; Redis answers in a fraction of a millisecond where it is well.
REDIS_TIMEOUT = timedelta(milliseconds=500)
# Settled at once, each in a round trip of its own.
AT_ONCE = 50
# What is for nobody here, of one address, a second.
STRAYS_PER_ADDRESS = 100
# Tenants and addresses that are counted at a time; more are let through uncounted.
MAX_ACCOUNTS = 20_000

_NOBODY = UUID(int=0)
LOOPBACK = ("127.", "::1")
# What a proxy passes on may be any text.
MAX_ADDRESS = 64

# What is limited, whose, and from where.
Key = tuple[str, UUID, str]

log = structlog.get_logger(__name__)


def limited_address(request: web.Request, address: str | None, trusted_proxies: int) -> str | None:
    """Whom limits for each address count; None for what would be everybody.

    That is a proxy on this machine which the settings say nothing of: it tells of itself by the header.
    """
    unknown_proxy = not trusted_proxies and hdrs.X_FORWARDED_FOR in request.headers
    return None if address and unknown_proxy and address.startswith(LOOPBACK) else address


@dataclass(slots=True)
class Account:
    """What one key took and has not settled. While it is shut, nothing more is given."""

    per_second: int
    unsettled: int = 0
    shut_until: float = 0.0


class Limits:
    """`spend` at once; what was spent is settled behind the caller's back."""

    def __init__(self, limiter: FixedWindowRateLimiter, breaker: CircuitBreaker) -> None:
        self._limiter = limiter
        self._breaker = breaker
        # An account that is open and settled is dropped: there is nothing in it to remember.
        self._accounts: dict[Key, Account] = {}
        self._shut: set[Key] = set()

    @classmethod
    @asynccontextmanager
    async def open(cls, redis: Redis) -> AsyncIterator[Self]:
        # The pool decides whether that is a server, or the process's own memory in embedded mode.
        pool = cast(Any, redis.connection_pool)
        storage = RedisStorage("redis://", implementation="redispy", key_prefix="orylo:limits", connection_pool=pool)
        limits = cls(FixedWindowRateLimiter(storage), CircuitBreaker("ingest.limits"))
        async with repeating("ingest.limits", limits.settle, every=SETTLE_EVERY):
            yield limits

    def spend(self, what: str, tenant_id: UUID, per_second: int, address: str = "") -> timedelta | None:
        """Take one, or be told how long to wait."""
        key = what, tenant_id, address
        account = self._accounts.get(key)
        if account is None:
            if len(self._accounts) >= MAX_ACCOUNTS:
                return None
            account = self._accounts[key] = Account(per_second)
        if account.shut_until and (wait := self.wait(what, tenant_id, address)):
            return wait
        if account.unsettled >= per_second * WINDOW_S and self._breaker.state == "closed":
            return SETTLE_EVERY
        account.per_second = per_second
        account.unsettled += 1
        return None

    def spend_from(self, what: str, tenant_id: UUID, per_second: int, address: str | None) -> timedelta | None:
        """The same for each address; `address` is what `limited_address` says."""
        if address is None:
            return None
        return self.spend(what, tenant_id, per_second, address[:MAX_ADDRESS])

    def spend_stray(self, address: str | None) -> timedelta | None:
        """The same for what is for nobody here. Nothing else waits for it: gateways send for many from one address."""
        return self.spend_from("strays", _NOBODY, STRAYS_PER_ADDRESS, address)

    def wait(self, what: str, tenant_id: UUID, address: str) -> timedelta | None:
        """How long to wait for the next one, if at all; takes none."""
        key = what, tenant_id, address[:MAX_ADDRESS]
        if key not in self._shut:
            return None
        left = self._accounts[key].shut_until - time.monotonic()
        return timedelta(seconds=left) if left > 0 else None

    @property
    def any_is_shut(self) -> bool:
        """Cheaper to ask than what `wait` wants to know."""
        return bool(self._shut)

    async def settle(self) -> None:
        """Add what was spent to the shared counts, and learn who has had enough."""
        now = time.monotonic()
        due: list[tuple[Key, Account, int]] = []
        for key, account in list(self._accounts.items()):
            if account.unsettled:
                due.append((key, account, account.unsettled))
                account.unsettled = 0
            elif account.shut_until <= now:
                del self._accounts[key]
                self._shut.discard(key)
        try:
            for start in range(0, len(due), AT_ONCE):
                await self._settle(due[start : start + AT_ONCE])
        except TransientError as error:
            log.warning("limits.not_settled", accounts=len(due), error=str(error))

    async def _settle(self, due: list[tuple[Key, Account, int]]) -> None:
        async with self._breaker:
            try:
                async with asyncio.timeout(REDIS_TIMEOUT.total_seconds()):
                    await asyncio.gather(*(self._settle_one(*each) for each in due))
            except (RedisError, OSError, TimeoutError) as error:
                raise TransientError(f"Redis did not count ({type(error).__name__})") from error

    async def _settle_one(self, key: Key, account: Account, spent: int) -> None:
        what, tenant_id, address = key
        item = _item(account.per_second)
        if not await self._limiter.hit(item, what, str(tenant_id), address, cost=spent):
            ends_at = (await self._limiter.get_window_stats(item, what, str(tenant_id), address)).reset_time
            account.shut_until = time.monotonic() + min(max(ends_at - time.time(), 0.0), WINDOW_S)
            self._shut.add(key)


@lru_cache(maxsize=1000)
def _item(per_second: int) -> RateLimitItem:
    return RateLimitItemPerSecond(per_second * WINDOW_S, WINDOW_S)
