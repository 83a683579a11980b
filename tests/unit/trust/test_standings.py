"""The cache of scores, with an in-memory Redis and with an unreachable one."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from fakeredis import FakeAsyncRedis, FakeServer

from orylo_common.messages import TrustStatus
from orylo_common.resilience.circuit_breaker import CircuitBreaker
from orylo_trust.adapters.redis_standings import READS, RedisStandings
from orylo_trust.domain.account import Standing

TENANT = uuid4()
KNOWN = Standing(52, TrustStatus.BLOCKED, 3)


@pytest.fixture
async def server() -> FakeServer:
    return FakeServer()


@pytest.fixture
async def redis(server: FakeServer) -> AsyncIterator[FakeAsyncRedis]:
    async with FakeAsyncRedis(server=server) as redis:
        yield redis


@pytest.fixture
def cache(redis: FakeAsyncRedis) -> RedisStandings:
    return RedisStandings(redis, CircuitBreaker("test.standings", failures=2, recovery=timedelta(hours=1)))


async def test_a_standing_is_cached_for_an_hour(cache: RedisStandings, redis: FakeAsyncRedis) -> None:
    await cache.put(TENANT, "cus_1", KNOWN)

    assert await cache.get(TENANT, "cus_1") == KNOWN
    assert await cache.get(UUID(int=1), "cus_1") is None
    [key] = await redis.keys("*")
    assert 3590 < await redis.ttl(key) <= 3600


async def test_customers_that_change_together_are_dropped_together(cache: RedisStandings) -> None:
    async with cache:
        for number in range(3):
            await cache.put(TENANT, f"cus_{number}", KNOWN)
        for number in range(2):
            cache.forget(TENANT, f"cus_{number}")

    assert [await cache.get(TENANT, f"cus_{number}") for number in range(3)] == [None, None, KNOWN]


async def test_an_unreachable_redis_behaves_like_an_empty_cache(cache: RedisStandings, server: FakeServer) -> None:
    await cache.put(TENANT, "cus_1", KNOWN)
    server.connected = False

    for _ in range(3):
        assert await cache.get(TENANT, "cus_1") is None
        await cache.put(TENANT, "cus_1", KNOWN)
    async with cache:
        cache.forget(TENANT, "cus_1")
        await asyncio.sleep(0)


async def test_hits_and_misses_are_counted(cache: RedisStandings) -> None:
    before = {outcome: READS.labels(outcome)._value.get() for outcome in ("hit", "miss")}
    await cache.put(TENANT, "cus_counted", KNOWN)

    await cache.get(TENANT, "cus_counted")
    await cache.get(TENANT, "cus_unknown")

    assert {outcome: READS.labels(outcome)._value.get() - count for outcome, count in before.items()} == {
        "hit": 1,
        "miss": 1,
    }


def test_reads_of_the_cache_are_counted_from_zero() -> None:
    program = (
        "import prometheus_client, orylo_trust.adapters.redis_standings\n"
        "print(prometheus_client.generate_latest().decode())"
    )
    metrics = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert 'orylo_trust_cache_reads_total{outcome="hit"} 0.0' in metrics
