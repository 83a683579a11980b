"""Send a million webhooks at a steady pace through one ingest process and check counts and memory.

    python -m tests.load.soak [--events 1000000] [--rate 1000] [--bus rabbitmq|postgres]

The sales come from all four gateways and are signed when they are sent. PostgreSQL has every commit on disk. Every
queue is drained and its message ids are counted. Prints the count at each stage and the process's memory every 30 s.
The exit status is 1 unless all stages have equal counts and memory has not grown since warm-up.
"""

import argparse
import asyncio
import secrets
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property, lru_cache
from pathlib import Path
from statistics import median

import asyncpg
import orjson
import uvloop

from orylo_cli.embedded.postgres import running_postgres
from orylo_cli.migrations import all_migrations
from orylo_common.broker.connect import open_broker
from orylo_common.broker.ports import Broker
from orylo_common.broker.topology import queues_for
from orylo_common.control import Keyring
from orylo_common.messages import PaymentSucceeded, type_of
from orylo_common.postgres.migrations import migrate
from tests.load.gateways import GATEWAYS, gateway_requests
from tests.load.report import heading, line, machine
from tests.load.sender import send
from tests.support.ingest_process import SECRET, IngestProcess, environment_for, ingest_process, open_shop
from tests.support.rabbitmq import rabbitmq_server
from tests.support.redis import redis_server

TENANT = "shop"
CONNECTIONS = 64
REPORT_EVERY_S = 30.0
SETTLED_WITHIN_S = 120.0
# Relative growth between the second and the last tenth of the run.
MAY_GROW = 0.1
QUEUES = queues_for(type_of(PaymentSucceeded))
PREFETCH = 2_000
# Requests signed together. That takes a few milliseconds, and they are sent within a second.
BLOCK = 64


class Sales(Sequence[bytes]):
    """Requests that are built and signed on access, one gateway after the other."""

    def __init__(self, run: str, numbers: range, host: str) -> None:
        self._run, self._numbers, self._host = run, numbers, host
        self._block = lru_cache(maxsize=2)(self._make_block)

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, index: int) -> bytes:  # type: ignore[override]
        number = self._numbers[index]
        return self._block(number // BLOCK)[number % BLOCK]

    def _make_block(self, block: int) -> list[bytes]:
        each = BLOCK // len(GATEWAYS)
        of_gateways: list[Iterator[bytes]] = [
            gateway_requests(
                gateway, self._run, each, tenant=TENANT, secret=SECRET, host=self._host, first=block * each
            )
            for gateway in GATEWAYS
        ]
        return [request for sales in zip(*of_gateways, strict=True) for request in sales]


@dataclass
class Soak:
    ingest: IngestProcess
    dsn: str
    statuses: Counter[int] = field(default_factory=Counter)
    received: dict[str, set[int]] = field(default_factory=lambda: {queue: set() for queue in QUEUES})
    memory_mib: list[float] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)

    @cached_property
    def run(self) -> str:
        return secrets.token_hex(4)

    async def send_all(self, events: int, rate: float) -> None:
        """Send at a constant pace, in parts, so that the sender's results do not accumulate."""
        part = int(rate * REPORT_EVERY_S)
        for first in range(0, events, part):
            numbers = range(first, min(first + part, events))
            sales = Sales(self.run, numbers, f"127.0.0.1:{self.ingest.port}")
            results = await send(sales, port=self.ingest.port, connections=CONNECTIONS, rate=rate)
            self.statuses.update(results.status)
            await self.report()

    async def drain(self, broker: Broker, queue: str) -> None:
        """Consume and acknowledge every message of a queue, and collect the message ids."""
        subscription = await broker.subscribe(queue, prefetch=PREFETCH)
        while True:
            deliveries = await subscription.receive(PREFETCH // 4, timedelta(seconds=1))
            ids = (orjson.loads(delivery.body)["id"] for delivery in deliveries)
            self.received[queue].update(int(each.replace("-", ""), 16) for each in ids)
            await subscription.ack(deliveries)

    async def watch_memory(self) -> None:
        while True:
            self.memory_mib.append(self.ingest.resident_mib)
            await asyncio.sleep(1)

    async def counts(self) -> dict[str, int]:
        connection = await asyncpg.connect(self.dsn)
        try:
            events = await connection.fetchval("SELECT count(*) FROM ingest.events WHERE status = 'published'")
            waiting = await connection.fetchval("SELECT count(*) FROM ingest.outbox")
        finally:
            await connection.close()
        return {
            "sent": self.statuses.total(),
            "202": self.statuses[202],
            "events": events,
            "outbox": waiting,
            "confirmed": int(await asyncio.to_thread(self.ingest.metric, "orylo_outbox_published_total")),
            **{queue: len(ids) for queue, ids in self.received.items()},
        }

    async def report(self) -> None:
        counted = "   ".join(f"{what} {number:,}" for what, number in (await self.counts()).items())
        print(f"{time.monotonic() - self.started:6.0f} s   {counted}   {self.ingest.resident_mib:.1f} MiB", flush=True)

    async def settle(self) -> dict[str, int]:
        give_up = time.monotonic() + SETTLED_WITHIN_S
        while True:
            counts = await self.counts()
            caught_up = not counts["outbox"] and all(counts[queue] >= counts["202"] for queue in QUEUES)
            if caught_up or time.monotonic() > give_up:
                return counts
            await asyncio.sleep(0.5)

    def verdict(self, counts: dict[str, int], events: int) -> bool:
        """Print the totals. Return whether nothing was lost and memory stayed flat."""
        stages = ("sent", "202", "events", *QUEUES)
        nothing_lost = all(counts[stage] == events for stage in stages) and counts["outbox"] == 0
        tenth = max(1, len(self.memory_mib) // 10)
        warm, end = median(self.memory_mib[tenth : 2 * tenth]), median(self.memory_mib[-tenth:])
        heading(f"{events:,} webhooks, {'nothing lost' if nothing_lost else 'COUNTS DIFFER BETWEEN STAGES'}")
        for stage in (*stages, "outbox", "confirmed"):
            line(stage, f"{counts[stage]:,}")
        line("answers", str(dict(self.statuses)))
        line("resident after warm-up, at the end", f"{warm:.1f}, {end:.1f} MiB: {(end / warm - 1) * 100:+.1f} %")
        return nothing_lost and end <= warm * (1 + MAY_GROW)


async def soak(ingest: IngestProcess, dsn: str, broker_url: str, events: int, rate: float) -> bool:
    running = Soak(ingest, dsn)
    async with open_broker(broker_url, dsn) as broker:
        background = [asyncio.create_task(running.drain(broker, queue)) for queue in QUEUES]
        background.append(asyncio.create_task(running.watch_memory()))
        try:
            await running.send_all(events, rate)
            counts = await running.settle()
        finally:
            for task in background:
                task.cancel()
            await asyncio.gather(*background, return_exceptions=True)
    return running.verdict(counts, events)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--rate", type=float, default=1_000, help="webhooks per second")
    parser.add_argument("--bus", choices=["rabbitmq", "postgres"], default="rabbitmq")
    arguments = parser.parse_args()
    machine()
    with tempfile.TemporaryDirectory(prefix="orylo-soak-") as name, ExitStack() as stack:
        folder = Path(name)
        for server in ("redis", "rabbitmq"):
            (folder / server).mkdir()
        dsn = stack.enter_context(running_postgres(folder / "postgres"))
        redis_url = stack.enter_context(redis_server(folder / "redis"))
        broker_url = "postgres"
        if arguments.bus == "rabbitmq":
            broker_url = stack.enter_context(rabbitmq_server(folder / "rabbitmq")).url("%2F")
        master_key = Keyring.generate()
        uvloop.run(migrate(dsn, all_migrations()))
        uvloop.run(open_shop(dsn, master_key, TENANT))
        environment = environment_for(dsn, master_key=master_key, redis_url=redis_url, broker_url=broker_url)
        ingest = stack.enter_context(ingest_process(folder / "ingest", environment))
        right = uvloop.run(soak(ingest, dsn, broker_url, arguments.events, arguments.rate))
    raise SystemExit(0 if right else 1)


if __name__ == "__main__":
    main()
