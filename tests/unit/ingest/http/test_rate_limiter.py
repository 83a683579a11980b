"""RateLimiter: counted in the process, settled in Redis with the others, and never waited for."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

import pytest
from aiohttp.test_utils import make_mocked_request
from fakeredis import FakeAsyncRedis, FakeServer
from limits.aio.storage import RedisStorage
from limits.aio.strategies import FixedWindowRateLimiter
from redis.asyncio import Redis

from orylo_common.http.addresses import network_of, rate_limit_address
from orylo_common.resilience.circuit_breaker import CircuitBreaker
from orylo_ingest.http import rate_limiter as limits_module
from orylo_ingest.http.rate_limiter import SYNC_INTERVAL, WINDOW_S, RateLimiter
from tests.support.eventually import eventually

TENANT, OTHER = UUID(int=1), UUID(int=2)
HERE = "203.0.113.7"


def limits_on(redis: Redis) -> RateLimiter:
    """Settled by the test, when it says so."""
    storage = RedisStorage("redis://", implementation="redispy", connection_pool=redis.connection_pool)  # type: ignore[arg-type]
    return RateLimiter(FixedWindowRateLimiter(storage), CircuitBreaker("test.limits"))


@pytest.fixture
def server() -> FakeServer:
    return FakeServer()


@pytest.fixture
async def limits(server: FakeServer) -> RateLimiter:
    return limits_on(FakeAsyncRedis(server=server))


def consume(
    limits: RateLimiter, count: int, *, per_second: int = 10, tenant_id: UUID = TENANT, address: str = HERE
) -> int:
    """Return how many of `count` were allowed."""
    return sum(limits.consume("webhooks", tenant_id, per_second, address) is None for _ in range(count))


async def test_a_whole_windows_allowance_may_come_at_once(limits: RateLimiter) -> None:
    assert consume(limits, 10 * WINDOW_S) == 10 * WINDOW_S
    await limits.sync()
    assert limits.consume("webhooks", OTHER, 10) is None

    assert consume(limits, 1) == 1
    await limits.sync()
    wait = limits.consume("webhooks", TENANT, 10, HERE)
    assert wait is not None
    assert timedelta() < wait <= timedelta(seconds=WINDOW_S)
    assert limits.blocked("webhooks", TENANT, HERE) is not None


async def test_more_than_that_is_refused_even_before_it_is_settled(limits: RateLimiter) -> None:
    assert consume(limits, 1000) == 10 * WINDOW_S
    assert limits.consume("webhooks", TENANT, 10, HERE) == SYNC_INTERVAL


async def test_one_tenants_flood_is_no_one_elses(limits: RateLimiter) -> None:
    consume(limits, 101)
    await limits.sync()
    consume(limits, 1)
    await limits.sync()

    assert consume(limits, 5) == 0
    assert consume(limits, 5, tenant_id=OTHER) == 5
    assert consume(limits, 5, address="198.51.100.1") == 5


async def test_processes_share_one_allowance(server: FakeServer) -> None:
    processes = [limits_on(FakeAsyncRedis(server=server)) for _ in range(4)]
    passed = 0
    for _ in range(30):
        for limits in processes:
            passed += consume(limits, 5)
            await limits.sync()
    # What comes between two settlements is let through.
    assert 10 * WINDOW_S <= passed <= 10 * WINDOW_S + 4 * 5


async def test_it_opens_again_when_the_window_ends(limits: RateLimiter, monkeypatch: pytest.MonkeyPatch) -> None:
    # The window ends when the test says so, however long what comes before it takes.
    wall, steady, passed = time.time(), time.monotonic(), 0.0
    monkeypatch.setattr(time, "time", lambda: wall + passed)
    monkeypatch.setattr(time, "monotonic", lambda: steady + passed)
    consume(limits, 10 * WINDOW_S)
    await limits.sync()
    consume(limits, 1)
    await limits.sync()
    assert consume(limits, 1) == 0

    passed = WINDOW_S - 0.1
    await limits.sync()
    assert consume(limits, 1) == 0
    passed = WINDOW_S + 0.1
    await limits.sync()
    assert consume(limits, 1) == 1


async def test_nothing_is_remembered_of_those_who_are_gone(limits: RateLimiter) -> None:
    for number in range(100):
        consume(limits, 1, address=f"192.0.2.{number}")
    await limits.sync()
    await limits.sync()
    assert not limits._allowances


async def test_memory_is_bounded_and_those_beyond_are_let_through(
    limits: RateLimiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits_module, "MAX_ALLOWANCES", 10)
    for number in range(100):
        assert consume(limits, 1, address=f"192.0.2.{number}") == 1
    assert len(limits._allowances) == 10


async def test_without_redis_everybody_is_let_through_at_once(server: FakeServer, limits: RateLimiter) -> None:
    server.connected = False
    loop = asyncio.get_running_loop()
    started = loop.time()
    for _ in range(10):
        assert consume(limits, 90) == 90
        await limits.sync()
    # Some milliseconds.
    assert loop.time() - started < 20
    assert limits._breaker.state == "open"


async def test_whoever_is_everybody_is_not_limited_by_address(limits: RateLimiter) -> None:
    assert [limits.consume_by_address("visits", TENANT, 1, None) for _ in range(100)] == [None] * 100
    assert limits._allowances == {}


@pytest.mark.parametrize(
    ("address", "forwarded", "proxies", "limited"),
    [
        ("127.0.0.1", False, 0, True),
        ("::1", False, 0, True),
        ("127.0.0.1", True, 0, False),
        ("::1", True, 0, False),
        ("127.0.0.1", True, 1, True),
        ("203.0.113.7", True, 0, True),
        ("203.0.113.7", True, 1, True),
    ],
)
def test_only_a_proxy_on_this_machine_that_no_one_reported_of_counts_as_everybody(
    address: str, forwarded: bool, proxies: int, limited: bool
) -> None:
    request = make_mocked_request("POST", "/", headers={"X-Forwarded-For": "198.51.100.1"} if forwarded else {})
    assert rate_limit_address(request, address, proxies) == (network_of(address) if limited else None)


@asynccontextmanager
async def opened(redis: Redis) -> AsyncIterator[RateLimiter]:
    async with RateLimiter.open(redis) as limits:
        yield limits


async def test_it_settles_by_itself(server: FakeServer) -> None:
    async with opened(FakeAsyncRedis(server=server)) as limits:

        def is_shut() -> bool:
            consume(limits, 60)
            return limits.any_blocked

        await eventually(is_shut)
        assert consume(limits, 1) == 0
