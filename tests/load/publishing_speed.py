"""Measure how many webhooks per second one ingest process stores and publishes to RabbitMQ, for a minute.

    python -m tests.load.publishing_speed [--rate 4000] [--seconds 60]

The sender keeps a constant pace. The ingest process has one core; RabbitMQ, PostgreSQL (every commit on disk) and the
sender share this machine with it. At the end every 202 must be a row, the outbox must be empty, and each queue bound
to sales must hold all of them.
"""

import argparse
import asyncio
import secrets
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import suppress
from pathlib import Path

import psutil
import uvloop

from orylo_cli.embedded.postgres import running_postgres
from orylo_common.broker.rabbitmq.broker import RabbitMQBroker
from orylo_common.broker.topology import queues_for
from orylo_common.messages import PaymentSucceeded, type_of
from tests.load.ingest_endpoint import SECRET, TENANT, Measured, ask, prepare, server
from tests.load.report import Goal, heading, line, machine
from tests.load.sender import send
from tests.load.webhooks import stripe_requests
from tests.support.rabbitmq import rabbitmq_server

STORED = "SELECT count(*) FROM ingest.events WHERE status = 'published'"
UNCONFIRMED = "SELECT count(*) FROM ingest.outbox"
CATCH_UP_S = 60.0
# By process name. The sender is this process.
KINDS = {"beam.smp": "RabbitMQ", "postgres": "PostgreSQL", Path(sys.executable).name: "ingest"}


def used_s() -> dict[str, float]:
    """Return the CPU seconds that each kind of process has used so far."""
    used: defaultdict[str, float] = defaultdict(float)
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            kind = KINDS.get(process.name().partition(":")[0], "other")
            times = process.cpu_times()
            used[kind] += times.user + times.system
    own = psutil.Process().cpu_times()
    used["the sender"] = own.user + own.system
    return used


async def until_confirmed(dsn: str) -> int:
    """Wait until the outbox is empty, for at most `CATCH_UP_S`. Return how many messages are left."""
    give_up = time.time() + CATCH_UP_S
    while True:
        left = await ask(dsn, UNCONFIRMED)
        if not left or time.time() > give_up:
            return left
        await asyncio.sleep(0.1)


async def run(dsn: str, url: str, environment: dict[str, str], rate: float, seconds: float) -> None:
    count, port = int(rate * seconds), int(environment["ORYLO_INGEST_PORT"])
    broker = RabbitMQBroker(url)
    # Built in advance to keep the sender cheap; the signatures are still valid when the last request is sent.
    requests = list(
        stripe_requests(secrets.token_hex(4), count, tenant=TENANT, secret=SECRET, host=f"127.0.0.1:{port}")
    )
    began, before = time.time(), used_s()
    results = await send(requests, port=port, connections=128, rate=rate)
    sent_at = time.time()
    left = await until_confirmed(dsn)
    confirmed_at, used = time.time(), {name: seconds - before[name] for name, seconds in used_s().items()}
    accepted = sum(status == 202 for status in results.status)
    measured = Measured(results, used["ingest"] / count * 1e6)
    line(f"webhooks at {rate:,.0f}/s for {seconds:.0f} s", str(measured))
    line("  answered 202, of", f"{accepted:,}, {count:,}")
    confirmed = (count - left) / (confirmed_at - began)
    line("  published and confirmed", f"{confirmed:7,.0f} /s", Goal(confirmed, rate, "above"))
    line("  last confirmation after the last answer", f"{(confirmed_at - sent_at) * 1000:7,.0f} ms")
    costs = ", ".join(f"{name} {seconds / count * 1e6:.0f} µs" for name, seconds in used.items())
    line("  CPU time per webhook", costs)
    stored = await ask(dsn, STORED)
    line("  rows in the database; left in the outbox", f"{stored:,}; {left:,}")
    depths = await broker.depths(queues_for(type_of(PaymentSucceeded)))
    line("  messages in the queues", ", ".join(f"{queue} {depth:,}" for queue, depth in depths.items()))
    await broker.close()
    if accepted != count or stored != count or left or any(depth < count for depth in depths.values()):
        raise SystemExit("not every webhook was accepted, stored, published and confirmed")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=4000, help="webhooks per second")
    parser.add_argument("--seconds", type=float, default=60)
    arguments = parser.parse_args()
    machine()
    with tempfile.TemporaryDirectory(prefix="orylo-load-") as folder:
        places = [Path(folder) / name for name in ("postgres", "rabbitmq")]
        for place in places:
            place.mkdir(mode=0o755)
        with running_postgres(places[0]) as dsn, rabbitmq_server(places[1]) as node:
            url = node.url("%2F")
            environment = prepare(dsn, url)
            heading("ingest on RabbitMQ: one process on one core, every sale in four quorum queues")
            with server("ingest", environment):
                uvloop.run(run(dsn, url, environment, arguments.rate, arguments.seconds))


if __name__ == "__main__":
    main()
