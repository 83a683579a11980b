"""Measure what the burst and the backlog of one tenant cost another.

    python -m tests.load.tenant_fairness [--burst 6000] [--backlog 20000] [--before 15]

One tenant sends one sale each second: alone, during a burst of the other, and while many sales of the other wait in the
bus. Each part lasts until the last sale of the other is at Meta. The embedded platform, the fake Meta and the senders
share this machine. Times are wall-clock, from when a webhook was due.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import asyncpg
import uvloop

from orylo_common.broker.ports import Outgoing
from orylo_common.broker.postgres.broker import PostgresBroker
from orylo_common.messages import PaymentSucceeded, encode
from tests.load.report import heading, line, machine
from tests.load.sender import Results, quantile, send
from tests.load.webhooks import PAYMENTS_PER_CUSTOMER, payment_id, stripe_requests
from tests.support.embedded import Embedded, running_embedded
from tests.support.meta_process import MetaProcess, meta_process
from tests.unit.detector.cases import payment

LOUD, QUIET, SECRET = "loud", "quiet", "whsec_load_only"
GIVE_UP_AFTER_S = 300.0

DECIDED = """
    SELECT payment_id, extract(epoch FROM created_at)::float8
    FROM detector.detections WHERE starts_with(payment_id, $1)
"""
TRUSTED = """
    SELECT source_id, extract(epoch FROM recorded_at)::float8
    FROM trust.ledger WHERE cause = 'clean_payment' AND starts_with(source_id, $1)
"""
REPORTED = "SELECT count(*) FROM dispatch.deliveries WHERE starts_with(payment_id, $1) AND state = 'dispatched'"


async def measure(platform: Embedded, meta: MetaProcess, *, burst: int, backlog: int, before: float) -> None:
    tenant_id = configure(platform)
    await steady(platform, "warmup", 10, rate=5)
    await asyncio.sleep(3)
    parts = [await steady(platform, f"b{time.time_ns():x}", int(before), rate=1)]
    await asyncio.sleep(5)
    report("before", *await times(platform, meta, parts))

    run = f"l{time.time_ns():x}"
    sending = asyncio.create_task(send_burst(platform, run, burst))
    parts = await steady_until_reported(platform, run, sending)
    heading(f"the burst: {sending.result()} accepted")
    report("during the burst", *await times(platform, meta, parts))

    run = f"w{time.time_ns():x}"
    waiting = asyncio.create_task(publish_backlog(platform, run, UUID(tenant_id), backlog))
    await waiting
    parts = await steady_until_reported(platform, run, waiting)
    report(f"while {backlog} of the other waited in the bus", *await times(platform, meta, parts))


async def steady_until_reported(platform: Embedded, run: str, loud: asyncio.Task[int]) -> list[tuple[str, Results]]:
    """Send until all sales that `loud` counts are at Meta."""
    started = time.monotonic()
    parts = []
    while not (loud.done() and await count_reported(platform, run) >= loud.result()):
        parts.append(await steady(platform, f"d{time.time_ns():x}", 5, rate=1))
        if time.monotonic() - started > GIVE_UP_AFTER_S:
            line("gave up; at Meta", str(await count_reported(platform, run)))
            break
    line("until the last sale of the other was at Meta", f"{time.monotonic() - started:.0f} s")
    await asyncio.sleep(10)
    return parts


async def count_reported(platform: Embedded, run: str) -> int:
    connection = await asyncpg.connect(platform.dsn)
    try:
        return int(await connection.fetchval(REPORTED, f"stripe:pi_{run}"))
    finally:
        await connection.close()


async def publish_backlog(platform: Embedded, run: str, tenant_id: UUID, count: int) -> int:
    """Publish sales of the loud tenant as another process would, so that they wait in the bus's rows."""
    broker = await PostgresBroker.open(platform.dsn)
    try:
        for first in range(0, count, 500):
            facts = [sale(run, tenant_id, number) for number in range(first, min(first + 500, count))]
            await broker.publish([Outgoing(fact.message_id, fact.type, encode(fact)) for fact in facts])
    finally:
        await broker.close()
    return count


def sale(run: str, tenant_id: UUID, number: int) -> PaymentSucceeded:
    customer = number // PAYMENTS_PER_CUSTOMER
    return payment(
        tenant_id=tenant_id,
        payment_id=payment_id(run, number),
        customer_id=f"cus_{customer}",
        occurred_at=datetime.now(UTC),
        ip=f"10.{customer >> 16 & 255}.{customer >> 8 & 255}.{customer & 255}",
        card={"fingerprint": f"fp_{customer}", "last4": "4242"},
        user_agent="Mozilla/5.0",
    )


async def send_burst(platform: Embedded, run: str, count: int) -> int:
    """Send webhooks of the loud tenant as fast as they are answered, for a minute at most. Return how many were."""
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "tests.load.sender", "--port", str(platform.ingest_port), "--tenant", LOUD],
        *["--secret", SECRET, "--run", run, "--count", str(count)],
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    return int(json.loads(output)["statuses"].get("202", 0))


async def steady(platform: Embedded, run: str, count: int, *, rate: float) -> tuple[str, Results]:
    host = f"127.0.0.1:{platform.ingest_port}"
    requests = list(stripe_requests(run, count, tenant=QUIET, secret=SECRET, host=host))
    return run, await send(requests, port=platform.ingest_port, rate=rate, connections=4)


async def times(
    platform: Embedded, meta: MetaProcess, parts: Sequence[tuple[str, Results]]
) -> tuple[int, Sequence[tuple[str, list[float]]]]:
    """Return the number of webhooks sent, and the seconds that each step took."""
    due = {payment_id(run, index): at for run, each in parts for index, at in enumerate(each.due)}
    answers = [answered - at for _, each in parts for answered, at in zip(each.answered, each.due, strict=True)]
    first_at = meta.first_at()
    steps = [("webhook → answer", answers)]
    connection = await asyncpg.connect(platform.dsn)
    for what, statement in (("webhook → decision", DECIDED), ("webhook → trust", TRUSTED)):
        rows = [row for run, _ in parts for row in await connection.fetch(statement, f"stripe:pi_{run}")]
        steps.append((what, [at - due[payment] for payment, at in rows]))
    await connection.close()
    steps.append(("webhook → Meta", [first_at[payment] - at for payment, at in due.items() if payment in first_at]))
    return len(due), steps


def report(when: str, sent: int, steps: Sequence[tuple[str, list[float]]]) -> None:
    heading(f"{sent} sales of the quiet tenant, one each second, {when}")
    for what, seconds in steps:
        p50, p95, most = (quantile(sorted(seconds), q) * 1000 for q in (0.5, 0.95, 1))
        line(what, f"p50 {p50:7.0f}   p95 {p95:7.0f}   longest {most:7.0f} ms   of {len(seconds)}")


def configure(platform: Embedded) -> str:
    """Create both tenants. Return the id of the loud one."""
    for tenant, pixel in ((LOUD, "1234567890"), (QUIET, "1234567891")):
        platform.orylo("tenant", "create", tenant)
        platform.orylo("gateway", "set", tenant, "stripe", "--secret-stdin", text=SECRET)
        platform.orylo("destination", "add", tenant, "meta", "--pixel-id", pixel, "--token-stdin", text="EAAload")
    time.sleep(1)
    tenants = json.loads(platform.orylo("tenant", "list", "--json"))
    return next(str(each["id"]) for each in tenants if each["slug"] == LOUD)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--burst", type=int, default=6_000, help="sales that the other tenant sends at once")
    parser.add_argument("--backlog", type=int, default=20_000, help="sales of the other tenant that wait in the bus")
    parser.add_argument("--before", type=float, default=15, help="seconds before the burst")
    arguments = parser.parse_args()
    machine()
    with (
        tempfile.TemporaryDirectory(prefix="orylo-load-") as folder,
        meta_process(Path(folder)) as meta,
        running_embedded(Path(folder), ORYLO_META_BASE_URL=meta.url) as platform,
    ):
        uvloop.run(measure(platform, meta, burst=arguments.burst, backlog=arguments.backlog, before=arguments.before))


if __name__ == "__main__":
    main()
