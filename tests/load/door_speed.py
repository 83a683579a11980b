"""Durable webhooks a second at the door of one ingest process, against what bounds it from above and below.

    python -m tests.load.door_speed [--count 40000] [--connections 128]

In one run: a bare aiohttp handler that reads the body and answers; the door, with signatures checked and every webhook
another payment; and the same door with one transaction for each request in place of group commit. The server
has one core; PostgreSQL, with every commit on disk, and the sender share the other. What was answered 202 is
counted again in the database. Then the door at half its rate, at a constant pace.
"""

import argparse
import asyncio
import contextlib
import multiprocessing
import os
import secrets
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Literal, cast
from unittest.mock import patch

import asyncpg
import psutil
import uvloop
from aiohttp import web
from fakeredis import FakeAsyncRedis

from orylo_cli.embedded.postgres import running_postgres
from orylo_cli.migrations import all_migrations
from orylo_common.broker.ports import Broker, Outgoing, Subscription
from orylo_common.control.admin import create_tenant, put_gateway_secret, put_settings, set_gateway
from orylo_common.control.keyring import Keyring
from orylo_common.postgres.group_commit import GroupCommit
from orylo_common.postgres.migrations import migrate
from orylo_common.postgres.pool import open_pool
from orylo_common.process import spare_the_collector
from orylo_ingest.limits import LimitSettings
from tests.load.report import Goal, heading, line
from tests.load.sender import Results, quantile, send
from tests.load.webhooks import stripe_requests
from tests.support.memory_broker import MemoryBroker
from tests.support.servers import free_ports

TENANT, SECRET = "shop", "whsec_load"
SERVER_CORE, OTHER_CORE = 0, 1
Subject = Literal["bare", "door", "one commit each"]


class Confirming:
    """A bus that confirms at once: what publishing costs is measured with the whole platform."""

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        return None

    async def ping(self) -> None:
        return None

    async def subscribe(self, queue: str, *, prefetch: int) -> Subscription:
        return await MemoryBroker().subscribe(queue, prefetch=prefetch)


@asynccontextmanager
async def bare(port: int) -> AsyncIterator[None]:
    """The least an aiohttp handler can do: read the body and answer."""

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
async def door(environment: dict[str, str], *, grouped: bool) -> AsyncIterator[None]:
    from orylo_ingest import store
    from orylo_ingest.app import open_app
    from orylo_ingest.settings import Settings

    os.environ |= environment
    one_each = partial(GroupCommit, max_items=1, writers=8)
    opened: AbstractAsyncContextManager[object] = open_app(
        Settings(),
        broker=cast(Broker, Confirming()),
        redis=FakeAsyncRedis(),
    )
    with contextlib.nullcontext() if grouped else patch.object(store, "GroupCommit", one_each):
        async with opened:
            yield


def serve(pipe: Pipe, subject: Subject, environment: dict[str, str]) -> None:
    os.sched_setaffinity(0, {SERVER_CORE})

    async def run() -> None:
        port = int(environment["ORYLO_INGEST_PORT"])
        opened = bare(port) if subject == "bare" else door(environment, grouped=subject == "door")
        async with opened:
            # As every process of the platform does once it is open.
            spare_the_collector()
            pipe.send(None)
            await asyncio.get_running_loop().run_in_executor(None, pipe.recv)

    uvloop.run(run())


@contextmanager
def server(subject: Subject, environment: dict[str, str]) -> Iterator[psutil.Process]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs, subject, environment))
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
    results: Results
    cpu_us: float

    @property
    def per_second(self) -> float:
        return len(self.results.status) / (max(self.results.answered) - min(self.results.due))

    @property
    def waits(self) -> str:
        ordered = sorted(at - due for at, due in zip(self.results.answered, self.results.due, strict=True))
        return "   ".join(f"p{q} {quantile(ordered, q / 100) * 1000:.1f}" for q in (50, 95, 99)) + " ms"

    def __str__(self) -> str:
        return f"{self.per_second:7,.0f} /s   {self.cpu_us:4.0f} µs of the core each   {self.waits}"


def measure(
    subject: Subject, environment: dict[str, str], count: int, connections: int, rate: float | None = None
) -> Measured:
    port = int(environment["ORYLO_INGEST_PORT"])
    requests = list(
        stripe_requests(secrets.token_hex(4), count, tenant=TENANT, secret=SECRET, host=f"127.0.0.1:{port}")
    )
    with server(subject, environment) as process:
        before = process.cpu_times()
        results = uvloop.run(send(requests, port=port, connections=connections, rate=rate))
        after = process.cpu_times()
    if any(status != 202 for status in results.status):
        raise SystemExit(f"{subject}: {sum(status != 202 for status in results.status)} of {count} were not accepted")
    cpu = after.user + after.system - before.user - before.system
    return Measured(results, cpu / count * 1e6)


async def prepare(dsn: str, keyring: Keyring) -> None:
    await migrate(dsn, all_migrations())
    async with open_pool(dsn, role="none", max_size=1) as pool, pool.acquire() as connection:
        tenant = await create_tenant(connection, TENANT)
        await put_settings(connection, tenant.id, LimitSettings(webhooks=1_000_000))
        await set_gateway(connection, tenant.id, "stripe")
        await put_gateway_secret(connection, keyring, tenant.id, "stripe", label="load", secret=SECRET)


async def stored(dsn: str) -> int:
    connection = await asyncpg.connect(dsn)
    count: int = await connection.fetchval("SELECT count(*) FROM ingest.events WHERE status = 'published'")
    await connection.close()
    return count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=40_000)
    parser.add_argument("--connections", type=int, default=128)
    arguments = parser.parse_args()
    count, connections = arguments.count, arguments.connections
    if len(os.sched_getaffinity(0)) > 1:
        os.sched_setaffinity(0, {OTHER_CORE})
    master_key = Keyring.generate()
    with tempfile.TemporaryDirectory() as folder, running_postgres(Path(folder) / "pg") as dsn:
        asyncio.run(prepare(dsn, Keyring.parse(master_key)))
        environment = {
            "ORYLO_DATABASE_URL": dsn,
            "ORYLO_REDIS_URL": "redis://127.0.0.1",
            "ORYLO_BROKER_URL": "postgres",
            "ORYLO_MASTER_KEY": master_key,
            "ORYLO_INGEST_PORT": str(free_ports(1)[0]),
        }
        of_bare = measure("bare", environment, count, connections)
        of_door = measure("door", environment, count, connections)
        of_each = measure("one commit each", environment, count // 10, connections)
        half = of_door.per_second / 2
        of_half = measure("door", environment, int(half * 5), connections, rate=half)
        durable = asyncio.run(stored(dsn))
    promised = count + count // 10 + int(half * 5)
    heading(f"ingest at the door: one process on one core, {connections} connections")
    line("a bare aiohttp handler", str(of_bare))
    line("one transaction for each request", str(of_each))
    line("the door", str(of_door), Goal(of_door.per_second, 8000, "above"))
    line("  against the bare handler", f"{of_door.per_second / of_bare.per_second:7.0%}")
    line("  against one transaction each", f"{of_door.per_second / of_each.per_second:6.1f}×")
    line("the door at half its rate, constant pace", str(of_half))
    line("answered 202, and found in the database", f"{promised:,}, {durable:,}")
    if durable != promised:
        raise SystemExit("what was promised is not what is stored")


if __name__ == "__main__":
    main()
