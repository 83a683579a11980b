"""Durable webhooks a second at the door of one ingest process, against what bounds it from above and below.

    python -m tests.load.door_speed [--count 40000] [--connections 128] [--gateway stripe]

In one run: a bare aiohttp handler that reads the body and answers; the door for each gateway, with signatures or tokens
checked and every webhook another sale; and the same door with one transaction for each request in place of group
commit. The server has one core; PostgreSQL, with every commit on disk, and the sender share the other. What was
answered 202 is counted again in the database. Then, once PostgreSQL has settled, the door at half its rate, at a
constant pace for 10 s: the first of them, in which a new process makes its connections, is not among the waits. The bus
confirms at once: what publishing costs is measured by `publishing_speed`.
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
from tests.load.door import CORES, SECRET, ask, measure, prepare
from tests.load.gateways import GATEWAYS, gateway_requests
from tests.load.report import Goal, heading, line, machine

STORED = "SELECT count(*) FROM ingest.events WHERE status = 'published'"
PROOFS = 2_000


def prove_us(gateway: str) -> float:
    """What it costs to take the raw body, prove it and parse it, in microseconds of this process."""
    webhooks = [
        as_received(request)
        for request in gateway_requests(gateway, "raw", PROOFS, tenant="t", secret=SECRET, host="h")
    ]
    secrets, now, adapter = (GatewaySecret(uuid4(), "load", SECRET.encode()),), datetime.now(UTC), ADAPTERS[gateway]
    began = time.process_time()
    for webhook in webhooks:
        adapter.authenticate(webhook, secrets, now)
        webhook.document()
    return (time.process_time() - began) / PROOFS * 1e6


async def settle(dsn: str) -> None:
    """PostgreSQL has done what the burst before left it to do."""
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
    heading(f"ingest at the door: one process on one core, {connections} connections")
    of_bare = measure("bare", environment, count, connections)
    line("a bare aiohttp handler", str(of_bare))
    promised = count // 10
    of_each = measure("one commit each", environment, count // 10, connections)
    line("one transaction for each request, stripe", str(of_each))
    for gateway in gateways:
        of_door = measure("door", environment, count, connections, gateway=gateway)
        line(f"the door, {gateway}", str(of_door), Goal(of_door.per_second, 8000, "above"))
        against_bare = of_door.per_second / of_bare.per_second
        line("  against the bare handler", f"{against_bare:7.0%}", Goal(against_bare, 0.3, "above"))
        line("  against one transaction each", f"{of_door.per_second / of_each.per_second:6.1f}×")
        asyncio.run(settle(dsn))
        half = of_door.per_second / 2
        at_half = int(half * 10)
        of_half = measure("door", environment, at_half, connections, gateway=gateway, rate=half)
        line("  at half its rate, constant pace", str(of_half), Goal(of_half.waited_ms(99), 25, "below"))
        raw = prove_us(gateway)
        line("  raw body taken, proven and parsed", f"{raw:7.1f} µs", Goal(raw, 1000, "below"))
        promised += count + at_half
    durable = asyncio.run(ask(dsn, STORED))
    line("answered 202, and found in the database", f"{promised:,}, {durable:,}")
    if durable != promised:
        raise SystemExit("what was promised is not what is stored")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=40_000)
    parser.add_argument("--connections", type=int, default=128)
    parser.add_argument("--gateway", choices=GATEWAYS, help="one of them only")
    arguments = parser.parse_args()
    machine()
    if len(CORES) > 1:
        os.sched_setaffinity(0, CORES[1:])
    with tempfile.TemporaryDirectory() as folder, running_postgres(Path(folder) / "pg") as dsn:
        run(dsn, arguments.count, arguments.connections, [arguments.gateway] if arguments.gateway else GATEWAYS)


if __name__ == "__main__":
    main()
