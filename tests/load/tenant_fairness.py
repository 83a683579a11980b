"""Measure what the burst of one tenant costs another.

    python -m tests.load.tenant_fairness [--burst 20000] [--before 15]

One tenant sends one sale each second, before and during a burst of the other, until the burst's last sale is at Meta.
The embedded platform, the fake Meta and both senders share this machine. Times are wall-clock, from when a webhook was
due.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import asyncpg
import uvloop

from tests.load.report import heading, line, machine
from tests.load.sender import Results, quantile, send
from tests.load.webhooks import payment_id, stripe_requests
from tests.support.embedded import Embedded, running_embedded
from tests.support.meta_process import MetaProcess, meta_process

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


async def measure(platform: Embedded, meta: MetaProcess, *, burst: int, before: float) -> None:
    configure(platform)
    await steady(platform, "warmup", 10, rate=5)
    await asyncio.sleep(3)
    report("before the burst", *await watched(platform, meta, f"b{time.time_ns():x}", int(before)))

    run = f"l{time.time_ns():x}"
    started = time.monotonic()
    loud = asyncio.create_task(send_burst(platform, run, burst))
    parts = []
    while not (loud.done() and await is_reported(platform, run, loud.result())):
        parts.append(await steady(platform, f"d{time.time_ns():x}", 5, rate=1))
        if time.monotonic() - started > GIVE_UP_AFTER_S:
            break
    heading(f"the burst: {loud.result()}")
    line("until its last sale was at Meta", f"{time.monotonic() - started:.0f} s")
    await asyncio.sleep(10)
    report("during the burst", *await times(platform, meta, parts))


async def send_burst(platform: Embedded, run: str, count: int) -> dict[str, Any]:
    """Send webhooks of the loud tenant as fast as they are answered, for a minute at most. Return the summary."""
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "tests.load.sender", "--port", str(platform.ingest_port), "--tenant", LOUD],
        *["--secret", SECRET, "--run", run, "--count", str(count)],
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    summary: dict[str, Any] = json.loads(output)
    return summary


async def is_reported(platform: Embedded, run: str, summary: dict[str, Any]) -> bool:
    """Return whether all accepted sales of a run are at Meta."""
    connection = await asyncpg.connect(platform.dsn)
    try:
        return bool(await connection.fetchval(REPORTED, f"stripe:pi_{run}") >= summary["statuses"].get("202", 0))
    finally:
        await connection.close()


async def steady(platform: Embedded, run: str, count: int, *, rate: float) -> tuple[str, Results]:
    host = f"127.0.0.1:{platform.ingest_port}"
    requests = list(stripe_requests(run, count, tenant=QUIET, secret=SECRET, host=host))
    return run, await send(requests, port=platform.ingest_port, rate=rate, connections=4)


async def watched(
    platform: Embedded, meta: MetaProcess, run: str, count: int
) -> tuple[int, Sequence[tuple[str, list[float]]]]:
    part = await steady(platform, run, count, rate=1)
    await asyncio.sleep(5)
    return await times(platform, meta, [part])


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


def configure(platform: Embedded) -> None:
    for tenant, pixel in ((LOUD, "1234567890"), (QUIET, "1234567891")):
        platform.orylo("tenant", "create", tenant)
        platform.orylo("gateway", "set", tenant, "stripe", "--secret-stdin", text=SECRET)
        platform.orylo("destination", "add", tenant, "meta", "--pixel-id", pixel, "--token-stdin", text="EAAload")
    time.sleep(1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--burst", type=int, default=20_000, help="sales that the other tenant sends at once")
    parser.add_argument("--before", type=float, default=15, help="seconds before the burst")
    arguments = parser.parse_args()
    machine()
    with (
        tempfile.TemporaryDirectory(prefix="orylo-load-") as folder,
        meta_process(Path(folder)) as meta,
        running_embedded(Path(folder), ORYLO_META_BASE_URL=meta.url) as platform,
    ):
        uvloop.run(measure(platform, meta, burst=arguments.burst, before=arguments.before))


if __name__ == "__main__":
    main()
