"""Take Meta down for a minute and check that webhooks are still decided and every sale reaches Meta once afterwards.

    python -m tests.chaos.meta_away [--seconds 60] [--rate 20]

Prints how many webhooks were decided and how fast while Meta was down, and what Meta received afterwards. The exit
status is 1 if a sale is missing.
"""

import argparse
import asyncio
import tempfile
import time
import urllib.request
from pathlib import Path

import asyncpg

from tests.chaos.kill_everything import SECRET, TENANT, configure
from tests.load.sender import quantile, send
from tests.load.webhooks import payment_id, stripe_requests
from tests.support.embedded import Embedded, running_embedded
from tests.support.meta_process import MetaProcess, meta_process

ARRIVES_WITHIN_S = 90
DECIDED = "SELECT payment_id, extract(epoch FROM created_at)::float8 FROM detector.detections"


def open_breakers(platform: Embedded) -> list[str]:
    with urllib.request.urlopen(f"{platform.ingest_url}/metrics") as response:
        lines = response.read().decode().splitlines()
    return [line for line in lines if line.startswith("orylo_circuit_state") and not line.endswith(" 0.0")]


async def run(platform: Embedded, meta: MetaProcess, seconds: float, rate: float) -> bool:
    run_id, count = f"{time.time_ns():x}", int(seconds * rate)
    host = f"127.0.0.1:{platform.ingest_port}"
    requests = list(stripe_requests(run_id, count, tenant=TENANT, secret=SECRET, host=host))
    meta.misbehave(mode="down")
    results = await send(requests, port=platform.ingest_port, rate=rate, connections=8)
    accepted = sum(status == 202 for status in results.status)
    print(f"Meta was down for {seconds:.0f} s; {accepted} of {count} webhooks were accepted")
    print("\n".join(f"  {line}" for line in open_breakers(platform)))

    connection = await asyncpg.connect(platform.dsn)
    decided = {row[0]: row[1] for row in await connection.fetch(DECIDED)}
    await connection.close()
    due = {payment_id(run_id, index): at for index, at in enumerate(results.due)}
    waits = sorted(decided[payment] - at for payment, at in due.items() if payment in decided)
    print(
        f"  decided meanwhile: {len(waits)}, p95 {quantile(waits, 0.95) * 1000:.0f} ms; at Meta: {len(meta.counted())}"
    )

    meta.misbehave(mode="normal")
    started = time.monotonic()
    while True:
        counted = meta.counted()
        if len(counted.keys() & due.keys()) == count or time.monotonic() - started > ARRIVES_WITHIN_S:
            break
        await asyncio.sleep(0.5)
    arrived = [payment for payment in due if counted.get(payment) == 1]
    print(f"Meta is back: {len(arrived)} of {count} counted exactly once after {time.monotonic() - started:.0f} s")
    return len(arrived) == count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rate", type=float, default=20, help="webhooks per second")
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="orylo-chaos-") as folder,
        meta_process(Path(folder)) as meta,
        running_embedded(Path(folder), ORYLO_META_BASE_URL=meta.url) as platform,
    ):
        configure(platform.orylo)
        time.sleep(1)
        passed = asyncio.run(run(platform, meta, arguments.seconds, arguments.rate))
    raise SystemExit(0 if passed else 1)


if __name__ == "__main__":
    main()
