"""Measure open streams on one API process: memory for each, CPU for each event sent, and latency.

    python -m tests.load.streams [--streams 2000] [--seconds 20] [--rate 4]

Clients are on the loopback interface and share this machine with the API. Events are written as projections write them;
latency is from the commit to the client. Half of the clients wait for one type only.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import asyncpg
import psutil
import uvloop

from orylo_cli.embedded.data_dir import DataDir
from orylo_common.descriptors import descriptor_limit, raise_descriptor_limit
from orylo_common.postgres.pool import open_pool
from tests.load.report import Goal, heading, line, machine
from tests.load.sender import quantile
from tests.support.embedded import Embedded, running_embedded
from tests.support.servers import free_ports, killed_with_parent, listens, wait_until

# The API's own limits: 50 streams of a key and 1,000 of a tenant.
STREAMS_OF_KEY = 50
STREAMS_OF_TENANT = 500
# Connections opened at once.
OPENING = 50
# A server admits two fifths of its descriptors as connections.
DESCRIPTORS_PER_STREAM = 5 / 2
TYPES = ("trust.updated", "detection.created")


class Clients:
    """Open streams, and the latency of each event that they received, in seconds."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._tasks: list[asyncio.Task[None]] = []
        self.latencies: list[float] = []
        self.refused: list[bytes] = []

    async def open(self, keys: list[str], streams: int) -> None:
        turns = asyncio.Semaphore(OPENING)
        opened = [self._open(keys[number % len(keys)], number, turns) for number in range(streams)]
        await asyncio.gather(*opened)

    async def _open(self, key: str, number: int, turns: asyncio.Semaphore) -> None:
        async with turns:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port, limit=2**20)
            types = "?types=trust.updated" if number % 2 else ""
            head = f"GET /api/v1/stream{types} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n\r\n"
            writer.write(head.encode())
            status = await reader.readline()
            if b" 200 " not in status:
                self.refused.append(status)
                return
            while b"event: ready" not in await reader.readline():
                pass
        self._tasks.append(asyncio.create_task(self._read(reader, writer)))

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read until the stream ends. The connection lasts as long as its writer is referenced."""
        while found := await reader.readline():
            if found.startswith(b'data: {"sent_at"'):
                self.latencies.append(time.monotonic() - float(json.loads(found[6:])["sent_at"]))
        writer.close()

    @property
    def ended(self) -> int:
        return sum(task.done() for task in self._tasks)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def publish(pool: asyncpg.Pool, tenants: list[UUID], rate: float, seconds: float) -> int:
    """Write one event of each type for each tenant, `rate` times a second. Return the number of events written."""
    started, written = time.monotonic(), 0
    while (elapsed := time.monotonic() - started) < seconds:
        data = json.dumps({"sent_at": time.monotonic(), "padding": "x" * 600}).encode()
        events = b"\n\n".join(name.encode() + b"\n" + data for name in TYPES)
        await pool.execute("SELECT api.add_stream_events($1, $2)", tenants, [events] * len(tenants))
        written += len(tenants) * len(TYPES)
        await asyncio.sleep(max(0.0, (written / len(tenants) / len(TYPES)) / rate - elapsed))
    return written


@contextmanager
def running_api(platform: Embedded, folder: Path) -> Iterator[tuple[int, psutil.Process]]:
    """Run the API alone in a process, on the platform's database. Yield its port and process."""
    (port,) = free_ports(1)
    environment = {
        **os.environ,
        "ORYLO_DATABASE_URL": platform.dsn,
        "ORYLO_BROKER_URL": "postgres",
        "ORYLO_REDIS_URL": "redis://127.0.0.1:1",
        "ORYLO_MASTER_KEY": DataDir(platform.data_dir).master_key() or "",
        "ORYLO_API_PORT": str(port),
        "ORYLO_LOG_LEVEL": "warning",
    }
    with (folder / "api.log").open("wb") as log:
        command = killed_with_parent([sys.executable, "-m", "orylo_api", "run"])
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        wait_until(lambda: listens(port), "the API", folder / "api.log")
        yield port, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(30)


async def measure(streams: int, seconds: float, rate: float) -> None:
    with tempfile.TemporaryDirectory(prefix="streams-") as path, running_embedded(Path(path)) as platform:
        slugs = [f"shop{number}" for number in range(-(-streams // STREAMS_OF_TENANT))]
        keys: dict[str, list[str]] = {slug: [] for slug in slugs}
        for slug in slugs:
            platform.orylo("tenant", "create", slug)
            for number in range(STREAMS_OF_TENANT // STREAMS_OF_KEY):
                made = platform.orylo("apikey", "create", slug, "--role", "viewer", "--name", f"key{number}")
                keys[slug].append(made.split()[-1])
        with running_api(platform, Path(path)) as (port, api):
            async with open_pool(platform.dsn, role="orylo_api_projector", max_size=1) as pool:
                tenants = [
                    row["id"] for row in await pool.fetch("SELECT id FROM control.tenants WHERE slug = ANY($1)", slugs)
                ]
                await asyncio.sleep(2)
                before = api.memory_info().rss
                clients = Clients(port)
                opened_at = time.monotonic()
                for index, slug in enumerate(slugs):
                    await clients.open(keys[slug], min(STREAMS_OF_TENANT, streams - index * STREAMS_OF_TENANT))
                opening = time.monotonic() - opened_at
                await asyncio.sleep(2)
                memory = (api.memory_info().rss - before) / streams / 1024
                idle = _cpu_seconds(api)
                await asyncio.sleep(5)
                idle = _cpu_seconds(api) - idle
                used = _cpu_seconds(api)
                written = await publish(pool, tenants, rate, seconds)
                await asyncio.sleep(1)
                used = _cpu_seconds(api) - used
                received, ended, refused = sorted(clients.latencies), clients.ended, clients.refused
                peak = api.memory_info().rss / 2**20
                await clients.close()
    heading(f"{streams} streams of {len(slugs)} tenants, {written / seconds:.0f} events/s written for {seconds:.0f} s")
    line("streams refused, ended", f"{len(refused)}, {ended}")
    line("time to open all", f"{opening:.1f} s")
    line("memory per stream", f"{memory:.1f} KiB (process {peak:.0f} MiB)", Goal(memory, 100, "below"))
    line("idle CPU, with heartbeats", f"{idle / 5 * 100:.0f} % of a core")
    line("events received", f"{len(received):,} ({len(received) / seconds:,.0f}/s)")
    if received:
        line("CPU per event received", f"{used / len(received) * 1e6:.0f} µs")
        p50, p95, p99 = (quantile(received, q) * 1000 for q in (0.5, 0.95, 0.99))
        line("commit → client", f"p50 {p50:.1f}   p95 {p95:.1f}   p99 {p99:.1f} ms", Goal(p95, 500, "below"))


def _cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--rate", type=float, default=4, help="batches a second, each with two events for each tenant")
    options = parser.parse_args()
    raise_descriptor_limit()
    needed = int(options.streams * DESCRIPTORS_PER_STREAM) + 200
    if descriptor_limit() < needed:
        parser.exit(
            2,
            f"{options.streams} streams need {needed} open files, and this user may have {descriptor_limit()}: "
            "raise the hard limit (`ulimit -Hn`), or measure fewer with --streams\n",
        )
    machine()
    uvloop.run(measure(options.streams, options.seconds, options.rate))


if __name__ == "__main__":
    main()
