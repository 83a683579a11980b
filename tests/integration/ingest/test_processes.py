"""Two ingest processes on one port, on real servers: together they act as one."""

import asyncio
import os
import secrets
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import psutil
import pytest
import pytest_asyncio

from orylo_common.control import Keyring
from orylo_common.control.sections.limits import LimitSettings
from orylo_ingest.http.rate_limiter import WINDOW_S
from tests.load.sender import send
from tests.load.webhooks import stripe_requests
from tests.support.eventually import eventually
from tests.support.ingest_process import SECRET, IngestProcess, environment_for, ingest_process, open_shop
from tests.support.redis import redis_program
from tests.support.servers import free_ports

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

SHOP, LIMITED = "shop", "limited"
CONNECTIONS = 32
# Webhooks per second, on average over a window.
LIMIT = 10
WINDOW = WINDOW_S * LIMIT
AT_ONCE = WINDOW // 8


class Redis:
    """A Redis server that can be killed, and restarts empty on the same port."""

    def __init__(self, folder: Path) -> None:
        (self._port,) = free_ports(1)
        self._folder = folder
        self._running = ExitStack()
        self.url = f"redis://127.0.0.1:{self._port}/0"
        self.start()

    def start(self) -> None:
        self._pid = self._running.enter_context(redis_program(self._folder, self._port))

    def kill(self) -> None:
        os.kill(self._pid, signal.SIGKILL)
        self._running.close()

    def stop(self) -> None:
        self._running.close()


@dataclass(frozen=True)
class TwoProcesses:
    first: IngestProcess
    second: IngestProcess
    redis: Redis
    database: asyncpg.Connection

    @property
    def port(self) -> int:
        return self.first.port

    async def send(self, requests: list[bytes], *, rate: float | None = None) -> Counter[int]:
        results = await send(requests, port=self.port, connections=CONNECTIONS, rate=rate)
        return Counter(results.status)

    def payments(self, count: int, tenant: str) -> list[bytes]:
        host = f"127.0.0.1:{self.port}"
        return list(stripe_requests(secrets.token_hex(4), count, tenant=tenant, secret=SECRET, host=host))


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    redis = Redis(tmp_path_factory.mktemp("redis"))
    yield redis
    redis.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def ingest(
    postgres_dsn: str, redis: Redis, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[TwoProcesses]:
    master_key = Keyring.generate()
    await open_shop(postgres_dsn, master_key, SHOP)
    await open_shop(postgres_dsn, master_key, LIMITED, limits=LimitSettings(webhooks=LIMIT))
    environment = environment_for(
        postgres_dsn, master_key=master_key, redis_url=redis.url, ORYLO_INGEST_REUSE_PORT="true"
    )
    folder, (port,) = tmp_path_factory.mktemp("processes"), free_ports(1)
    with (
        ingest_process(folder / "first", environment, port=port) as first,
        ingest_process(folder / "second", environment, port=port) as second,
    ):
        database = await asyncpg.connect(postgres_dsn)
        yield TwoProcesses(first, second, redis, database)
        await database.close()


async def test_both_processes_serve_connections(ingest: TwoProcesses) -> None:
    """Without connections to both processes, the other tests would prove nothing."""
    sending = asyncio.create_task(ingest.send(ingest.payments(3_000, SHOP), rate=1_500))
    seen: set[int] = set()

    async def both_are_connected() -> bool:
        for process in (ingest.first, ingest.second):
            connections = psutil.Process(process.pid).net_connections("tcp")
            if any(each.laddr.port == ingest.port and each.status == psutil.CONN_ESTABLISHED for each in connections):
                seen.add(process.pid)
        return len(seen) == 2

    await eventually(both_are_connected)
    assert await sending == {202: 3_000}


async def test_one_webhook_fifty_times_at_once_is_one_event(ingest: TwoProcesses) -> None:
    (request,) = ingest.payments(1, SHOP)
    await eventually(lambda: no_message_waits(ingest))
    before = await events(ingest), await messages(ingest)

    results = await send([request] * 50, port=ingest.port, connections=50)

    assert Counter(results.status) == {202: 1, 200: 49}
    assert await events(ingest) == before[0] + 1
    await eventually(lambda: no_message_waits(ingest))
    assert await messages(ingest) == before[1] + 1


async def test_a_tenants_limit_counts_the_webhooks_of_both_processes(ingest: TwoProcesses) -> None:
    async def all_are_refused() -> bool:
        return await ingest.send(ingest.payments(AT_ONCE, LIMITED)) == {429: AT_ONCE}

    async def window_begins() -> bool:
        return await ingest.send(ingest.payments(1, LIMITED)) == {202: 1}

    # A window begins with the first webhook after one that was used up.
    await eventually(all_are_refused)
    await eventually(window_begins)
    began, taken = time.monotonic(), 1
    # Small parts until both refuse, because requests between two syncs are allowed.
    for _ in range(4 * WINDOW // AT_ONCE):
        statuses = await ingest.send(ingest.payments(AT_ONCE, LIMITED))
        assert statuses.keys() <= {202, 429}
        taken += statuses[202]
        if statuses == {429: AT_ONCE}:
            break
        # The processes synchronise ten times a second.
        await asyncio.sleep(0.25)

    # One, unless the machine is slow.
    windows = 1 + int((time.monotonic() - began) / WINDOW_S)
    # On its own, each process would have accepted the allowance of a whole window.
    assert WINDOW <= taken < 1.7 * WINDOW * windows


async def test_the_limit_is_off_without_redis_and_on_once_it_is_back(ingest: TwoProcesses) -> None:
    ingest.redis.kill()

    async def all_are_accepted() -> bool:
        """More webhooks than the limit allows. It holds once the last window has ended and the circuit is open."""
        return await ingest.send(ingest.payments(WINDOW + 50, LIMITED)) == {202: WINDOW + 50}

    await eventually(all_are_accepted)
    started = time.monotonic()
    assert await ingest.send(ingest.payments(500, SHOP)) == {202: 500}
    # It takes a second at most.
    assert time.monotonic() - started < 30

    ingest.redis.start()

    async def is_limited() -> bool:
        return (await ingest.send(ingest.payments(WINDOW + 50, LIMITED)))[429] > 0

    await eventually(is_limited)
    assert await ingest.send(ingest.payments(100, SHOP)) == {202: 100}


async def events(ingest: TwoProcesses) -> int:
    return int(await ingest.database.fetchval("SELECT count(*) FROM ingest.events"))


async def messages(ingest: TwoProcesses) -> int:
    """Count the published messages. There is no consumer here."""
    return int(await ingest.database.fetchval("SELECT count(*) FROM bus.messages WHERE type = 'payment.succeeded.v1'"))


async def no_message_waits(ingest: TwoProcesses) -> bool:
    return bool(await ingest.database.fetchval("SELECT count(*) = 0 FROM ingest.outbox"))
