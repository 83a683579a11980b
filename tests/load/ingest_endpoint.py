"""Run one ingest process on its own core and measure it; shared by the benchmarks of the ingest endpoint."""

import asyncio
import contextlib
import multiprocessing
import os
import secrets
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection as Pipe
from typing import Literal, cast
from unittest.mock import patch
from uuid import UUID

import asyncpg
import psutil
import uvloop
from aiohttp import web
from fakeredis import FakeAsyncRedis

from orylo_cli.migrations import all_migrations
from orylo_common.broker.connect import open_broker
from orylo_common.broker.ports import Broker, Outgoing, QueueSubscription
from orylo_common.control.gateway_secrets import put_gateway_secret
from orylo_common.control.gateways import GatewayConfig, set_gateway
from orylo_common.control.keyring import Keyring
from orylo_common.control.sections.limits import LimitSettings
from orylo_common.control.sections.store import write_section
from orylo_common.control.tenants import create_tenant
from orylo_common.postgres.group_commit import GroupCommit
from orylo_common.postgres.migrations import migrate
from orylo_common.postgres.pool import open_pool
from orylo_common.process import freeze_collector
from tests.load.gateways import GATEWAYS, gateway_requests
from tests.load.sender import Results, quantile, send
from tests.support.actors import ACTOR
from tests.support.memory_broker import MemoryBroker
from tests.support.servers import free_ports

TENANT, SECRET = "shop", "whsec_load"
# The server gets the first core that this process may use. On a machine with one core, everything shares it.
CORES = sorted(os.sched_getaffinity(0))
# A new process opens its connections and fills its caches. That is the cost of a restart, not a webhook's latency.
WARM_UP_S = 1.0
Subject = Literal["bare", "ingest", "one commit each"]


class ConfirmingBroker:
    """A bus that confirms every message at once, to measure the ingest endpoint without a bus."""

    def hand_over(self, message: Outgoing, settled: Callable[[UUID, bool], None]) -> bool:
        return False

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        return None

    async def ping(self) -> None:
        return None

    async def subscribe(self, queue: str, *, prefetch: int) -> QueueSubscription:
        return await MemoryBroker().subscribe(queue, prefetch=prefetch)

    async def depth(self, queue: str) -> int:
        return 0


@asynccontextmanager
async def bare(port: int) -> AsyncIterator[None]:
    """Serve the cheapest possible aiohttp handler: it reads the body and answers."""

    async def handle(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(body=b'{"status":"accepted"}', status=202, content_type="application/json")

    app = web.Application()
    app.router.add_post("/api/v1/webhooks/{gateway}/{tenant}", handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=1024).start()
    try:
        yield
    finally:
        await runner.cleanup()


@asynccontextmanager
async def ingest(environment: Mapping[str, str], *, grouped: bool) -> AsyncIterator[None]:
    """Serve the ingest endpoint, with group commit or with one transaction per request."""
    from orylo_ingest.app import open_app
    from orylo_ingest.settings import Settings
    from orylo_ingest.webhooks import store

    os.environ |= environment
    settings = Settings()
    one_each = partial(GroupCommit, max_items=1, writers=8)
    async with contextlib.AsyncExitStack() as stack:
        if not grouped:
            stack.enter_context(patch.object(store, "GroupCommit", one_each))
        broker = cast(Broker, ConfirmingBroker())
        if settings.broker_url.startswith("amqp"):
            broker = await stack.enter_async_context(open_broker(settings.broker_url, settings.database_url))
        await stack.enter_async_context(open_app(settings, broker=broker, redis=FakeAsyncRedis()))
        yield


def serve(pipe: Pipe, subject: Subject, environment: Mapping[str, str], core: int) -> None:
    os.sched_setaffinity(0, {core})

    async def run() -> None:
        opened: AbstractAsyncContextManager[None]
        if subject == "bare":
            opened = bare(int(environment["ORYLO_INGEST_PORT"]))
        else:
            opened = ingest(environment, grouped=subject == "ingest")
        async with opened:
            # Every process of the platform does this once it is open.
            freeze_collector()
            pipe.send(None)
            await asyncio.get_running_loop().run_in_executor(None, pipe.recv)

    uvloop.run(run())


@contextmanager
def server(subject: Subject, environment: Mapping[str, str]) -> Iterator[psutil.Process]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs, subject, environment, CORES[0]))
    process.start()
    try:
        if not ours.poll(60):
            raise TimeoutError(f"the server ({subject}) did not start")
        ours.recv()
        yield psutil.Process(process.pid)
    finally:
        with contextlib.suppress(OSError):
            ours.send(None)
        process.join(30)


@dataclass(frozen=True)
class Measured:
    """The results of one measurement.

    `cpu_us` is the server's CPU time per webhook. Latencies cover only the webhooks due after `warm_up_s`.
    """

    results: Results
    cpu_us: float
    warm_up_s: float = 0

    @property
    def per_second(self) -> float:
        return len(self.results.status) / (max(self.results.answered) - min(self.results.due))

    def waited_ms(self, percent: int) -> float:
        counted = min(self.results.due) + self.warm_up_s
        pairs = zip(self.results.answered, self.results.due, strict=True)
        ordered = sorted(at - due for at, due in pairs if due >= counted)
        return quantile(ordered, percent / 100) * 1000

    def __str__(self) -> str:
        waits = "   ".join(f"p{percent} {self.waited_ms(percent):.1f}" for percent in (50, 95, 99))
        return f"{self.per_second:7,.0f} /s   {self.cpu_us:4.0f} µs CPU each   {waits} ms"


def measure(
    subject: Subject,
    environment: Mapping[str, str],
    count: int,
    connections: int,
    *,
    gateway: str = "stripe",
    rate: float | None = None,
) -> Measured:
    """Send `count` webhooks, each for a different sale. Raises `SystemExit` unless all are accepted."""
    port = int(environment["ORYLO_INGEST_PORT"])
    run, host = secrets.token_hex(4), f"127.0.0.1:{port}"
    requests = list(gateway_requests(gateway, run, count, tenant=TENANT, secret=SECRET, host=host))
    with server(subject, environment) as process:
        before = process.cpu_times()
        results = uvloop.run(send(requests, port=port, connections=connections, rate=rate))
        after = process.cpu_times()
    if any(status != 202 for status in results.status):
        raise SystemExit(f"{subject}: {sum(status != 202 for status in results.status)} of {count} were not accepted")
    cpu = after.user + after.system - before.user - before.system
    return Measured(results, cpu / count * 1e6, warm_up_s=WARM_UP_S if rate else 0)


def prepare(dsn: str, broker_url: str = "postgres") -> dict[str, str]:
    """Create a tenant with every gateway enabled. Return the environment for its ingest process."""
    master_key = Keyring.generate()
    asyncio.run(_prepare(dsn, Keyring.parse(master_key)))
    return {
        "ORYLO_DATABASE_URL": dsn,
        "ORYLO_REDIS_URL": "redis://127.0.0.1",
        "ORYLO_BROKER_URL": broker_url,
        "ORYLO_MASTER_KEY": master_key,
        "ORYLO_INGEST_PORT": str(free_ports(1)[0]),
    }


async def _prepare(dsn: str, keyring: Keyring) -> None:
    await migrate(dsn, all_migrations())
    async with open_pool(dsn, role="none", max_size=1) as pool, pool.acquire() as connection:
        tenant = await create_tenant(connection, TENANT, actor=ACTOR)
        await write_section(connection, tenant.id, LimitSettings(webhooks=1_000_000), actor=ACTOR)
        for gateway in GATEWAYS:
            await set_gateway(connection, tenant.id, gateway, GatewayConfig(), actor=ACTOR)
            await put_gateway_secret(connection, keyring, tenant.id, gateway, label="load", secret=SECRET, actor=ACTOR)


async def ask(dsn: str, query: str) -> int:
    """Return the single number that the query selects."""
    connection = await asyncpg.connect(dsn)
    try:
        number: int = await connection.fetchval(query)
    finally:
        await connection.close()
    return number
