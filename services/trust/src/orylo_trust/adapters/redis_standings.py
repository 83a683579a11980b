"""A cache of scores and statuses in Redis, for an hour. Failures are counted and otherwise ignored."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import orjson
import structlog
from prometheus_client import Counter

from orylo_common.errors import TransientError
from orylo_common.messages import TrustStatus
from orylo_common.redis import REDIS_ERRORS, RedisClient
from orylo_common.resilience.circuit_breaker import CircuitBreaker, CircuitOpen
from orylo_trust.domain.account import Standing

KEEP = timedelta(hours=1)
TIMEOUT = timedelta(milliseconds=100)

# `outcome`: hit, miss. A failed call is a miss.
READS = Counter("orylo_trust_cache_reads_total", "Scores looked up in the cache", ["outcome"])
# Both exist from the start: an alarm divides the hits by all, and a cache that is always emptied has none.
HITS, MISSES = READS.labels("hit"), READS.labels("miss")
FAILURES = Counter("orylo_trust_cache_failures_total", "Failed calls to the cache of scores", ["call"])

log = structlog.get_logger(__name__)


class RedisStandings:
    """`forget` follows every commit, so a change shows at once, or an hour later if Redis was unreachable."""

    def __init__(self, redis: RedisClient, breaker: CircuitBreaker) -> None:
        self._redis = redis
        self._breaker = breaker
        self._stale: set[bytes] = set()
        self._forgetting: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._forgetting is not None:
            await self._forgetting

    def forget(self, tenant_id: UUID, customer_id: str) -> None:
        """Return at once. Customers that change together are dropped with one command."""
        self._stale.add(_key(tenant_id, customer_id))
        if self._forgetting is None:
            self._forgetting = asyncio.create_task(self._forget_stale())

    async def get(self, tenant_id: UUID, customer_id: str) -> Standing | None:
        cached = await self._call("get", partial(self._redis.get, _key(tenant_id, customer_id)))
        if cached is None:
            MISSES.inc()
            return None
        HITS.inc()
        known = orjson.loads(cached)
        return Standing(known["score"], TrustStatus(known["status"]), known["version"])

    async def put(self, tenant_id: UUID, customer_id: str, standing: Standing) -> None:
        body = orjson.dumps({"score": standing.score, "status": standing.status, "version": standing.version})
        await self._call("put", partial(self._redis.set, _key(tenant_id, customer_id), body, ex=KEEP))

    async def _forget_stale(self) -> None:
        try:
            while self._stale:
                keys, self._stale = self._stale, set()
                await self._call("forget", partial(self._redis.delete, *keys))
        finally:
            self._forgetting = None

    async def _call(self, name: str, command: Callable[[], Awaitable[Any]]) -> Any:
        """Return the reply of Redis, or None if there is none."""
        try:
            async with self._breaker, asyncio.timeout(TIMEOUT.total_seconds()):
                try:
                    return await command()
                except REDIS_ERRORS as error:
                    raise TransientError(f"Redis failed ({type(error).__name__})") from error
        except (TransientError, TimeoutError) as error:
            FAILURES.labels(name).inc()
            if not isinstance(error, CircuitOpen):
                log.warning("standings.unavailable", call=name, error=str(error) or type(error).__name__)
            return None


def _key(tenant_id: UUID, customer_id: str) -> bytes:
    return f"trust:{tenant_id}:{customer_id}".encode()
