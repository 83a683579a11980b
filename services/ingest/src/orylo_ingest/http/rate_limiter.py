"""Rate limits per tenant and per address, counted locally and synchronised through Redis every 100 ms.

No request waits for Redis. Each synchronisation adds the requests of this process to the shared count of the window.
Once that exceeds the limit, the tenant or address is blocked until the window ends. While Redis is unavailable, no
limits apply.
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
from limits import RateLimitItem, RateLimitItemPerSecond
from limits.aio.storage import RedisStorage
from limits.aio.strategies import FixedWindowRateLimiter

from orylo_common.errors import TransientError
from orylo_common.redis import REDIS_ERRORS, RedisClient
from orylo_common.repeating import repeating
from orylo_common.resilience.circuit_breaker import CircuitBreaker
from orylo_common.resilience.probing import probing

# A burst may use the whole window's allowance at once.
WINDOW_S = 10
SYNC_INTERVAL = timedelta(milliseconds=100)
# The limit for one whole synchronisation. A healthy Redis answers in a fraction of a millisecond.
REDIS_TIMEOUT = timedelta(milliseconds=500)
# Allowances synchronised concurrently, each in its own round trip.
SYNC_CONCURRENCY = 50
# Requests per second that one address may send to unknown tenants or gateways.
UNKNOWN_TARGETS_PER_ADDRESS = 100
# Tenants and addresses counted at a time. Beyond that, new ones are not limited.
MAX_ALLOWANCES = 20_000

_NO_TENANT = UUID(int=0)

# The limit's name, the tenant, and the address.
Key = tuple[str, UUID, str]

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Allowance:
    """The requests of one key since the last synchronisation, and the time until which it is blocked."""

    per_second: int
    unsynced: int = 0
    blocked_until: float = 0.0


class SharedStorage(RedisStorage):
    """Counts with a client that exists already: of a server, of a cluster, or of the process's own memory."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis
        super().__init__("redis://", implementation="redispy", key_prefix="orylo:limits")

    def configure_bridge(self) -> None:
        bridge = cast(Any, self.bridge)
        bridge.storage, bridge.connection_getter = self._redis, lambda _readonly: self._redis


class RateLimiter:
    """Counts requests without waiting; counts are synchronised in the background."""

    def __init__(self, limiter: FixedWindowRateLimiter, breaker: CircuitBreaker) -> None:
        self._limiter = limiter
        self._breaker = breaker
        # Allowances that are neither blocked nor unsynced are dropped: they carry no information.
        self._allowances: dict[Key, Allowance] = {}
        self._blocked: set[Key] = set()

    @classmethod
    @asynccontextmanager
    async def open(cls, redis: RedisClient) -> AsyncIterator[Self]:
        breaker = CircuitBreaker("ingest.limits")
        limiter = cls(FixedWindowRateLimiter(SharedStorage(redis)), breaker)
        async with repeating("ingest.limits", limiter.sync, every=SYNC_INTERVAL), probing(breaker, redis.ping):
            yield limiter

    def consume(self, what: str, tenant_id: UUID, per_second: int, address: str = "") -> timedelta | None:
        """Consume one request, or return how long to wait for the next."""
        key = what, tenant_id, address
        allowance = self._allowances.get(key)
        if allowance is None:
            if len(self._allowances) >= MAX_ALLOWANCES:
                return None
            allowance = self._allowances[key] = Allowance(per_second)
        if allowance.blocked_until and (wait := self.blocked(what, tenant_id, address)):
            return wait
        if allowance.unsynced >= per_second * WINDOW_S and self._breaker.state == "closed":
            return SYNC_INTERVAL
        allowance.per_second = per_second
        allowance.unsynced += 1
        return None

    def consume_by_address(self, what: str, tenant_id: UUID, per_second: int, address: str | None) -> timedelta | None:
        """Consume one request of an address, as returned by `orylo_common.http.addresses.rate_limit_address`."""
        if address is None:
            return None
        return self.consume(what, tenant_id, per_second, address)

    def consume_unknown_target(self, address: str | None) -> timedelta | None:
        """Consume one request to an unknown tenant or gateway.

        Only such requests are blocked by it: a gateway sends the webhooks of many tenants from one address.
        """
        return self.consume_by_address("unknown_target", _NO_TENANT, UNKNOWN_TARGETS_PER_ADDRESS, address)

    def blocked(self, what: str, tenant_id: UUID, address: str) -> timedelta | None:
        """Return how long the key stays blocked, or None. Consumes nothing."""
        key = what, tenant_id, address
        if key not in self._blocked:
            return None
        left = self._allowances[key].blocked_until - time.monotonic()
        return timedelta(seconds=left) if left > 0 else None

    @property
    def any_blocked(self) -> bool:
        """Return whether any key is blocked. Callers check it first, because it is cheaper than `blocked`."""
        return bool(self._blocked)

    async def sync(self) -> None:
        """Add the new requests to the shared counts, and block the keys that exceed their limit."""
        now = time.monotonic()
        due: list[tuple[Key, Allowance, int]] = []
        for key, allowance in list(self._allowances.items()):
            if allowance.unsynced:
                due.append((key, allowance, allowance.unsynced))
                allowance.unsynced = 0
            elif allowance.blocked_until <= now:
                del self._allowances[key]
                self._blocked.discard(key)
        try:
            for start in range(0, len(due), SYNC_CONCURRENCY):
                await self._sync(due[start : start + SYNC_CONCURRENCY])
        except TransientError as error:
            log.warning("rate_limits.not_synchronised", allowances=len(due), error=str(error))

    async def _sync(self, due: list[tuple[Key, Allowance, int]]) -> None:
        async with self._breaker:
            try:
                async with asyncio.timeout(REDIS_TIMEOUT.total_seconds()):
                    await asyncio.gather(*(self._sync_one(*each) for each in due))
            except (*REDIS_ERRORS, TimeoutError) as error:
                raise TransientError(f"Redis did not count ({type(error).__name__})") from error

    async def _sync_one(self, key: Key, allowance: Allowance, consumed: int) -> None:
        what, tenant_id, address = key
        item = _item(allowance.per_second)
        if not await self._limiter.hit(item, what, str(tenant_id), address, cost=consumed):
            ends_at = (await self._limiter.get_window_stats(item, what, str(tenant_id), address)).reset_time
            allowance.blocked_until = time.monotonic() + min(max(ends_at - time.time(), 0.0), WINDOW_S)
            self._blocked.add(key)


@lru_cache(maxsize=1000)
def _item(per_second: int) -> RateLimitItem:
    return RateLimitItemPerSecond(per_second * WINDOW_S, WINDOW_S)
