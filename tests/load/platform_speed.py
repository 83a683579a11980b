"""Measure the whole platform under load: webhook → decision, webhook → Meta, and the highest sustained rate.

    python -m tests.load.platform_speed [--seconds 20] [--rules 20] [--only embedded|rabbitmq] [--no-sustained]

`embedded` runs `orylo up`. `rabbitmq` runs every service as a process, with RabbitMQ, PostgreSQL and Redis. The
platform, the load generator and the fake Meta share this machine. Times are wall-clock, from when a webhook was due.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import uvloop

from orylo_common.control.rules import create_rule
from orylo_common.postgres.pool import open_pool
from tests.load.report import Goal, heading, line
from tests.load.rules_speed import rules
from tests.load.sender import Results, quantile, send
from tests.load.webhooks import payment_id, stripe_requests
from tests.support.actors import ACTOR
from tests.support.embedded import running_embedded
from tests.support.fleet import running_fleet
from tests.support.meta_process import MetaProcess, meta_process

TENANT, SECRET = "load", "whsec_load_only"
WARM_UP_S = 5
# A rate counts as sustained if all work is done this long after the last webhook.
CATCH_UP_S = 2.0
STEPS = (200, 300, 400, 500, 600, 700, 800, 900, 1000, 1200, 1400, 1600, 2000)

DECIDED = "SELECT payment_id, extract(epoch FROM created_at)::float8 FROM detector.detections"
COUNT_DECIDED = "SELECT count(*) FROM detector.detections WHERE starts_with(payment_id, $1)"


@dataclass(frozen=True)
class Subject:
    """A running platform to measure."""

    name: str
    port: int
    dsn: str
    meta: MetaProcess


@contextmanager
def embedded(folder: Path) -> Iterator[Subject]:
    with meta_process(folder) as meta, running_embedded(folder, ORYLO_META_BASE_URL=meta.url) as platform:
        configure(platform.orylo)
        yield Subject("embedded", platform.ingest_port, platform.dsn, meta)


@contextmanager
def rabbitmq(folder: Path) -> Iterator[Subject]:
    with meta_process(folder) as meta, running_fleet(folder, meta.url) as fleet:
        configure(fleet.orylo)
        yield Subject("rabbitmq", fleet.ingest_port, fleet.dsn, meta)


def configure(orylo: Callable[..., str]) -> None:
    orylo("tenant", "create", TENANT)
    orylo("gateway", "set", TENANT, "stripe", "--secret-stdin", text=SECRET)
    orylo("destination", "add", TENANT, "meta", "--pixel-id", "1234567890", "--token-stdin", text="EAAload")
    # Let every service see the configuration before the first webhook.
    time.sleep(1)


async def add_rules(dsn: str, count: int) -> None:
    """Give the tenant rules that are on. Wait until every service sees them."""
    async with open_pool(dsn, role="postgres", max_size=1) as pool, pool.acquire() as connection:
        tenant_id = await connection.fetchval("SELECT id FROM control.tenants WHERE slug = $1", TENANT)
        for rule in rules(count):
            await create_rule(connection, tenant_id, rule.draft(), actor=ACTOR)
    await asyncio.sleep(1)


async def load(port: int, rate: float, seconds: float) -> tuple[str, Results]:
    """Send webhooks at `rate`. Return the run's name, from which their payments' ids derive, and the results."""
    run = f"{time.time_ns():x}"
    requests = list(stripe_requests(run, int(rate * seconds), tenant=TENANT, secret=SECRET, host=f"127.0.0.1:{port}"))
    return run, await send(requests, port=port, rate=rate, connections=32)


async def measure_latency(subject: Subject, rate: float, seconds: float) -> None:
    await load(subject.port, rate, WARM_UP_S)
    run, results = await load(subject.port, rate, seconds)
    refused = sum(status != 202 for status in results.status)
    await _settled(subject, run, len(results.due), within_s=30)
    due = {payment_id(run, index): at for index, at in enumerate(results.due)}
    answers = sorted(answered - at for answered, at in zip(results.answered, results.due, strict=True))
    connection = await asyncpg.connect(subject.dsn)
    rows = [row for row in await connection.fetch(DECIDED) if row[0] in due]
    await connection.close()
    first_at = subject.meta.first_at()
    decided = sorted(at - due[payment] for payment, at in rows)
    # A conversion's event id at Meta is the payment's id.
    sent = sorted(first_at[payment] - at for payment, at in due.items() if payment in first_at)
    heading(f"{subject.name}: {rate:.0f} webhooks/s for {seconds:.0f} s, {refused} not accepted")
    for what, times, goal in (
        ("webhook → answer", answers, 20),
        ("webhook → decision", decided, 50),
        ("webhook → Meta", sent, 500),
    ):
        p50, p95, p99 = (quantile(times, q) * 1000 for q in (0.5, 0.95, 0.99))
        line(what, f"p50 {p50:7.1f}   p95 {p95:7.1f}   p99 {p99:7.1f} ms   of {len(times)}", Goal(p95, goal, "below"))


async def find_sustained(subject: Subject, seconds: float, goal: float) -> None:
    best = 0.0
    for rate in STEPS:
        run, results = await load(subject.port, rate, seconds)
        accepted = sum(status == 202 for status in results.status)
        answered_late = quantile(sorted(a - d for a, d in zip(results.answered, results.due, strict=True)), 0.99) > 1
        kept_up = await _settled(subject, run, accepted, within_s=CATCH_UP_S)
        if accepted < len(results.status) or answered_late or not kept_up:
            break
        best = rate
    heading(f"{subject.name}: highest rate without a growing backlog, {seconds:.0f} s per step")
    line("webhooks → decided, in the ledger, at Meta", f"{best:7.0f} /s", Goal(best, goal, "above"))


async def _settled(subject: Subject, run: str, count: int, *, within_s: float) -> bool:
    """Wait until all `count` webhooks of the run are decided and sent to Meta. Return whether that was in time."""
    connection = await asyncpg.connect(subject.dsn)
    started = time.monotonic()
    try:
        while True:
            decided = await connection.fetchval(COUNT_DECIDED, f"stripe:pi_{run}")
            # Not those that are open: a payment has no delivery while it waits for its decision.
            dispatched = await connection.fetchval(
                "SELECT count(*) FROM dispatch.deliveries WHERE starts_with(payment_id, $1) AND state = 'dispatched'",
                f"stripe:pi_{run}",
            )
            waited = time.monotonic() - started
            if min(decided, dispatched) >= count or waited > 60:
                return waited <= within_s
            await asyncio.sleep(0.1)
    finally:
        await connection.close()


SUBJECTS = {"embedded": (embedded, 800), "rabbitmq": (rabbitmq, 300)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--rate", type=float, default=200)
    parser.add_argument("--rules", type=int, default=20, help="of the tenant, all on")
    parser.add_argument("--only", choices=list(SUBJECTS))
    parser.add_argument("--no-sustained", action="store_true")
    arguments = parser.parse_args()
    for name in [arguments.only] if arguments.only else list(SUBJECTS):
        open_subject, goal = SUBJECTS[name]
        with tempfile.TemporaryDirectory(prefix="orylo-load-") as folder, open_subject(Path(folder)) as subject:
            uvloop.run(add_rules(subject.dsn, arguments.rules))
            uvloop.run(measure_latency(subject, arguments.rate, arguments.seconds))
            if not arguments.no_sustained:
                uvloop.run(find_sustained(subject, arguments.seconds / 2, goal))


if __name__ == "__main__":
    main()
