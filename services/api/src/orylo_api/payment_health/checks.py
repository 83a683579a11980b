"""The checks behind the health of payments: what each asks, and what it takes for ok."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import asyncpg
import structlog

from orylo_api.payment_health.models import HealthCheck, HealthChecks, PaymentHealth
from orylo_common.clock import Clock
from orylo_common.control.plane import ControlPlane
from orylo_common.control.switches import PLATFORM, SwitchName
from orylo_common.postgres.pool import Connection
from orylo_common.redis import RedisClient

# However many callers ask, the checks run at most once in this time.
KEPT_FOR = timedelta(seconds=5)
TIME_LIMIT = timedelta(seconds=2)
WEEK = timedelta(days=7)
# Fewer webhooks in the same hours of last week may be missing by chance: with 20 expected, none at all arrive by
# chance once in 500 million times (Poisson).
EXPECTED = 20

# Newest first by the primary key, tenant by tenant.
SELECT_LAST = """
    SELECT max(newest.bucket) FROM control.tenants AS t CROSS JOIN LATERAL (
        SELECT bucket FROM api.rollups
        WHERE tenant_id = t.id AND grain = 'hour' AND bucket > $1::timestamptz - interval '8 days'
          AND bucket <= $1 AND webhooks > 0
        ORDER BY bucket DESC LIMIT 1
    ) AS newest
"""
SELECT_LAST_MINUTE = """
    SELECT max(newest.bucket) FROM control.tenants AS t CROSS JOIN LATERAL (
        SELECT bucket FROM api.rollups
        WHERE tenant_id = t.id AND grain = 'minute' AND bucket >= $2 AND bucket <= $1 AND webhooks > 0
        ORDER BY bucket DESC LIMIT 1
    ) AS newest
"""
# In whole hours, which began after the one and ended before the other.
COUNT_BETWEEN = """
    SELECT coalesce(sum(r.webhooks), 0)::bigint FROM control.tenants AS t
    JOIN api.rollups AS r ON r.tenant_id = t.id AND r.grain = 'hour' AND r.bucket > $1 AND r.bucket < $2
"""
SELECT_STRIPE = """
    SELECT count(*) AS used, min(s.since) FILTER (WHERE s.status = 'unavailable') AS unavailable_since
    FROM control.destinations AS d
    LEFT JOIN api.destination_states_view AS s ON s.tenant_id = d.tenant_id AND s.destination_id = d.id
    WHERE d.kind = 'stripe' AND d.enabled
"""

log = structlog.get_logger(__name__)


class Unhealthy(Exception):
    """A check that was made and is not ok. The text is for people, and reveals nothing about a shop."""


@dataclass(slots=True)
class PaymentHealthChecks:
    """`pool` sees all tenants. The checks run together, each within `TIME_LIMIT`."""

    pool: asyncpg.Pool
    redis: RedisClient
    plane: ControlPlane
    clock: Clock
    _answer: asyncio.Task[PaymentHealth] | None = field(default=None, init=False)
    _asked_at: float = field(default=0.0, init=False)

    async def health(self) -> PaymentHealth:
        now = asyncio.get_running_loop().time()
        if self._answer is None or (self._answer.done() and now - self._asked_at > KEPT_FOR.total_seconds()):
            self._asked_at = now
            self._answer = asyncio.create_task(self._check_all())
        # Shielded: a caller that disconnects must not cancel the checks for the others.
        return await asyncio.shield(self._answer)

    async def _check_all(self) -> PaymentHealth:
        now = self.clock.now()
        database, stripe, cache, webhooks = await asyncio.gather(
            _timed("database", self._database), _timed("stripe", self._stripe),
            _timed("cache", self._cache), _timed("webhooks", self._webhooks),
        )  # fmt: skip
        checks = HealthChecks(database=database, stripe=stripe, cache=cache, webhooks=webhooks)
        healthy = database.ok and stripe.ok and cache.ok and webhooks.ok
        return PaymentHealth(healthy=healthy, timestamp=now, checks=checks)

    async def _database(self) -> str:
        await self.pool.fetchval("SELECT 1")
        return "It answers."

    async def _cache(self) -> str:
        await self.redis.ping()
        return "It answers."

    async def _stripe(self) -> str:
        row = await self.pool.fetchrow(SELECT_STRIPE)
        if row is None or not row["used"]:
            return "No shop acts on payments at Stripe."
        if since := row["unavailable_since"]:
            raise Unhealthy(f"Stripe's API has not answered since {since:%Y-%m-%d %H:%M} UTC.")
        return "Stripe's API answered when it was last called."

    async def _webhooks(self) -> str:
        now = self.clock.now()
        if self.plane.switch(SwitchName.STOP_WEBHOOKS, PLATFORM, "", now) is not None:
            raise Unhealthy("A switch stops all webhooks.")
        async with self.pool.acquire() as connection:
            last = await _last_webhook(connection, now)
            if last is None:
                return "No webhook has arrived in the last 8 days."
            silent = int((now - last) / timedelta(minutes=1))
            expected = await connection.fetchval(COUNT_BETWEEN, last - WEEK, _hour(now) - WEEK)
        if expected >= EXPECTED:
            raise Unhealthy(f"No webhook for {silent} minutes; in these hours of last week {expected} arrived.")
        return f"The last webhook is {silent} minutes old." if silent else "Webhooks arrive."


async def _last_webhook(connection: Connection, now: datetime) -> datetime | None:
    """Return the time of the newest webhook, to the minute if it is at most two days old."""
    hour: datetime | None = await connection.fetchval(SELECT_LAST, now)
    if hour is None:
        return None
    minute: datetime | None = await connection.fetchval(SELECT_LAST_MINUTE, now, hour)
    return minute or hour


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


async def _timed(name: str, check: Callable[[], Awaitable[str]]) -> HealthCheck:
    loop = asyncio.get_running_loop()
    started = loop.time()
    ok = False
    try:
        async with asyncio.timeout(TIME_LIMIT.total_seconds()):
            detail = await check()
        ok = True
    except Unhealthy as reason:
        detail = str(reason)
    except TimeoutError:
        detail = f"It did not answer within {TIME_LIMIT.total_seconds():.0f} seconds."
    except Exception as error:  # noqa: BLE001  any error means that it cannot be used; its text may hold secrets
        log.warning("payment_health.failed", check=name, error=type(error).__name__)
        detail = "It does not answer."
    return HealthCheck(ok=ok, latency_ms=round((loop.time() - started) * 1000, 1), detail=detail)
