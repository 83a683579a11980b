"""Limits: counted in the process, settled in Redis with the others, and never waited for."""

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

from orylo_common.resilience.circuit_breaker import CircuitBreaker
from orylo_ingest.http import rate_limiter as limits_module
from orylo_ingest.http.rate_limiter import SETTLE_EVERY, WINDOW_S, Limits, limited_address
from tests.support.eventually import eventually

TENANT, OTHER = UUID(int=1), UUID(int=2)
HERE = "203.0.113.7"


def limits_on(redis: Redis) -> Limits:
    """Settled by the test, when it says so."""
    storage = RedisStorage("redis://", implementation="redispy", connection_pool=redis.connection_pool)  # type: ignore[arg-type]
    return Limits(FixedWindowRateLimiter(storage), CircuitBreaker("test.limits"))


@pytest.fixture
def server() -> FakeServer:
    return FakeServer()


@pytest.fixture
async def limits(server: FakeServer) -> Limits:
    return limits_on(FakeAsyncRedis(server=server))


def spend(limits: Limits, count: int, *, per_second: int = 10, tenant_id: UUID = TENANT, address: str = HERE) -> int:
    """How many of `count` were let through."""
    return sum(limits.spend("webhooks", tenant_id, per_second, address) is None for _ in range(count))


async def test_a_whole_windows_allowance_may_come_at_once(limits: Limits) -> None:
    assert spend(limits, 10 * WINDOW_S) == 10 * WINDOW_S
    await limits.settle()
    assert limits.spend("webhooks", OTHER, 10) is None

    assert spend(limits, 1) == 1
    await limits.settle()
    wait = limits.spend("webhooks", TENANT, 10, HERE)
    assert wait is not None
    assert timedelta() < wait <= timedelta(seconds=WINDOW_S)
    assert limits.wait("webhooks", TENANT, HERE) is not None


async def test_more_than_that_is_refused_even_before_it_is_settled(limits: Limits) -> None:
    assert spend(limits, 1000) == 10 * WINDOW_S
    assert limits.spend("webhooks", TENANT, 10, HERE) == SETTLE_EVERY


async def test_one_tenants_flood_is_nobody_elses(limits: Limits) -> None:
    spend(limits, 101)
    await limits.settle()
    spend(limits, 1)
    await limits.settle()

    assert spend(limits, 5) == 0
    assert spend(limits, 5, tenant_id=OTHER) == 5
    assert spend(limits, 5, address="198.51.100.1") == 5


async def test_processes_share_one_allowance(server: FakeServer) -> None:
    processes = [limits_on(FakeAsyncRedis(server=server)) for _ in range(4)]
    passed = 0
    for _ in range(30):
        for limits in processes:
            passed += spend(limits, 5)
            await limits.settle()
    # What comes between two settlements is let through.
    assert 10 * WINDOW_S <= passed <= 10 * WINDOW_S + 4 * 5


async def test_it_opens_again_when_the_window_ends(limits: Limits, monkeypatch: pytest.MonkeyPatch) -> None:
    # The window ends when the test says so, however long what comes before it takes.
    wall, steady, passed = time.time(), time.monotonic(), 0.0
    monkeypatch.setattr(time, "time", lambda: wall + passed)
    monkeypatch.setattr(time, "monotonic", lambda: steady + passed)
    spend(limits, 10 * WINDOW_S)
    await limits.settle()
    spend(limits, 1)
    await limits.settle()
    assert spend(limits, 1) == 0

    passed = WINDOW_S - 0.1
    await limits.settle()
    assert spend(limits, 1) == 0
    passed = WINDOW_S + 0.1
    await limits.settle()
    assert spend(limits, 1) == 1


async def test_nothing_is_remembered_of_those_who_are_gone(limits: Limits) -> None:
    for number in range(100):
        spend(limits, 1, address=f"192.0.2.{number}")
    await limits.settle()
    await limits.settle()
    assert not limits._accounts


async def test_memory_is_bounded_and_those_beyond_are_let_through(
    limits: Limits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits_module, "MAX_ACCOUNTS", 10)
    for number in range(100):
        assert spend(limits, 1, address=f"192.0.2.{number}") == 1
    assert len(limits._accounts) == 10


async def test_without_redis_everybody_is_let_through_at_once(server: FakeServer, limits: Limits) -> None:
    server.connected = False
    loop = asyncio.get_running_loop()
    started = loop.time()
    for _ in range(10):
        assert spend(limits, 90) == 90
        await limits.settle()
    # Some milliseconds.
    assert loop.time() - started < 20
    assert limits._breaker.state == "open"


async def test_whoever_is_everybody_is_not_limited_by_address(limits: Limits) -> None:
    assert [limits.spend_from("visits", TENANT, 1, None) for _ in range(100)] == [None] * 100
    assert limits.spend_from("visits", TENANT, 1, "x" * 100) is None
    assert {len(address) for _, _, address in limits._accounts} == {limits_module.MAX_ADDRESS}


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
def test_only_a_proxy_on_this_machine_that_nobody_told_of_counts_as_everybody(
    address: str, forwarded: bool, proxies: int, limited: bool
) -> None:
    request = make_mocked_request("POST", "/", headers={"X-Forwarded-For": "198.51.100.1"} if forwarded else {})
    assert limited_address(request, address, proxies) == (address if limited else None)


@asynccontextmanager
async def opened(redis: Redis) -> AsyncIterator[Limits]:
    async with Limits.open(redis) as limits:
        yield limits


async def test_it_settles_by_itself(server: FakeServer) -> None:
    async with opened(FakeAsyncRedis(server=server)) as limits:

        def is_shut() -> bool:
            spend(limits, 60)
            return limits.any_is_shut

        await eventually(is_shut)
        assert spend(limits, 1) == 0
