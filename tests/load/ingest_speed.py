"""Measure how many durable webhooks per second one ingest process accepts, with an upper and a lower bound.

    python -m tests.load.ingest_speed [--count 40000] [--connections 128] [--gateway stripe]

One run measures a bare aiohttp handler that reads the body and answers; the ingest endpoint for each gateway, with
proofs checked and every webhook for a different sale; and the same endpoint with one transaction per request instead
of group commit. The server has one core. PostgreSQL, with every commit on disk, and the sender share the other. Every
202 is counted again in the database. Then, once PostgreSQL has settled, the endpoint is measured at half its maximum
rate, at a constant pace for 10 s. The first second, in which a new process opens its connections, is not part of the
latencies. The bus confirms at once: `publishing_speed` measures the cost of publishing.
"""

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import asyncpg
from multidict import CIMultiDict

from orylo_cli.embedded.postgres import running_postgres
from orylo_common.control.models import GatewaySecret
from orylo_ingest.gateways import GATEWAYS as ADAPTERS
from orylo_ingest.gateways.raw_webhook import RawWebhook
from tests.load.gateways import GATEWAYS, gateway_requests
from tests.load.ingest_endpoint import CORES, SECRET, ask, measure, prepare
from tests.load.report import Goal, heading, line, machine

STORED = "SELECT count(*) FROM ingest.events WHERE status = 'published'"
AUTHENTICATIONS = 2_000


def authentication_us(gateway: str) -> float:
    """Return the CPU time of this process, in microseconds, to read, authenticate and parse one raw body."""
    webhooks = [
        as_received(request)
        for request in gateway_requests(gateway, "raw", AUTHENTICATIONS, tenant="t", secret=SECRET, host="h")
    ]
    secrets, now, adapter = (GatewaySecret(uuid4(), "load", SECRET.encode()),), datetime.now(UTC), ADAPTERS[gateway]
    began = time.process_time()
    for webhook in webhooks:
        adapter.authenticate(webhook, secrets, now)
        webhook.document()
    return (time.process_time() - began) / AUTHENTICATIONS * 1e6


async def settle(dsn: str) -> None:
    """Make PostgreSQL do the maintenance that the previous burst left behind."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("VACUUM ANALYZE")
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()


def as_received(request: bytes) -> RawWebhook:
    head, _, body = request.partition(b"\r\n\r\n")
    first, *headers = head.decode().split("\r\n")
    query = first.split(" ")[1].partition("?")[2]
    named = (header.partition(": ") for header in headers)
    return RawWebhook(CIMultiDict((name, value) for name, _, value in named), query, body)


def run(dsn: str, count: int, connections: int, gateways: Sequence[str]) -> None:
    environment = prepare(dsn)
    heading(f"ingest endpoint: one process on one core, {connections} connections")
    of_bare = measure("bare", environment, count, connections)
    line("a bare aiohttp handler", str(of_bare))
    accepted = count // 10
    of_each = measure("one commit each", environment, count // 10, connections)
    line("one transaction per request, stripe", str(of_each))
    for gateway in gateways:
        of_ingest = measure("ingest", environment, count, connections, gateway=gateway)
        line(f"ingest endpoint, {gateway}", str(of_ingest), Goal(of_ingest.per_second, 8000, "above"))
        against_bare = of_ingest.per_second / of_bare.per_second
        line("  relative to the bare handler", f"{against_bare:7.0%}", Goal(against_bare, 0.3, "above"))
        line("  relative to one transaction each", f"{of_ingest.per_second / of_each.per_second:6.1f}×")
        asyncio.run(settle(dsn))
        half = of_ingest.per_second / 2
        at_half = int(half * 10)
        of_half = measure("ingest", environment, at_half, connections, gateway=gateway, rate=half)
        line("  at half its rate, constant pace", str(of_half), Goal(of_half.waited_ms(99), 25, "below"))
        raw = authentication_us(gateway)
        line("  raw body read, authenticated and parsed", f"{raw:7.1f} µs", Goal(raw, 1000, "below"))
        accepted += count + at_half
    durable = asyncio.run(ask(dsn, STORED))
    line("answered 202, found in the database", f"{accepted:,}, {durable:,}")
    if durable != accepted:
        raise SystemExit("not every webhook answered 202 is in the database")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=40_000)
    parser.add_argument("--connections", type=int, default=128)
    parser.add_argument("--gateway", choices=GATEWAYS, help="measure this one only")
    arguments = parser.parse_args()
    machine()
    if len(CORES) > 1:
        os.sched_setaffinity(0, CORES[1:])
    with tempfile.TemporaryDirectory() as folder, running_postgres(Path(folder) / "pg") as dsn:
        run(dsn, arguments.count, arguments.connections, [arguments.gateway] if arguments.gateway else GATEWAYS)


if __name__ == "__main__":
    main()
