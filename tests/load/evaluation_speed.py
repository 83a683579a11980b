"""Measure how long `POST /api/v1/detections/evaluate` takes at a steady rate, with and without a trace.

    python -m tests.load.evaluation_speed [--rate 200] [--seconds 15] [--one-core]

The embedded platform and the load generator share this machine; with `--one-core`, the platform with its PostgreSQL has
one core, and the load generator the others. A request is timed from when it was due. The CPU time of a request includes
what follows from it within a second.
"""

import argparse
import asyncio
import json
import os
import tempfile
from pathlib import Path

import uvloop

from tests.load.event_cost import cpu_seconds
from tests.load.report import Goal, heading, line, machine
from tests.load.sender import quantile, send
from tests.support.embedded import running_embedded

TENANT = "load"
# By then the projections are done with the last request.
SETTLE_S = 1.0


def requests(count: int, key: str, host: str, run: str, *, dry_run: bool) -> list[bytes]:
    return [
        request(
            {
                "amount_minor": 19790,
                "currency": "BRL",
                "payment_method": "card",
                "customer": {"email": f"buyer.{number % 5000}@example.com"},
                "card": {"fingerprint": f"fp_{number % 5000}", "country": "BR"},
                "ip": f"2001:db8::{number % 5000:x}",
                "product_ids": ["course"],
                "dry_run": dry_run,
            },
            key,
            host,
            f"{run}-{number}",
        )
        for number in range(count)
    ]


def request(body: dict[str, object], key: str, host: str, idempotency_key: str) -> bytes:
    data = json.dumps(body).encode()
    head = (
        f"POST /api/v1/detections/evaluate HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {key}\r\n"
        f"Idempotency-Key: {idempotency_key}\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
    )
    return head.encode() + data


async def measure(rate: float, seconds: float, *, one_core: bool) -> None:
    cores = sorted(os.sched_getaffinity(0))
    if one_core:
        # The platform's processes inherit it.
        os.sched_setaffinity(0, cores[:1])
    with tempfile.TemporaryDirectory() as folder, running_embedded(Path(folder)) as platform:
        if one_core:
            os.sched_setaffinity(0, cores[1:] or cores)
        platform.orylo("tenant", "create", TENANT)
        key = platform.orylo("apikey", "create", TENANT, "--role", "admin").split()[-1]
        host = f"127.0.0.1:{platform.api_port}"
        for run, dry_run in (("warm-up", True), ("dry", True), ("recorded", False)):
            made = requests(int(rate * seconds), key, host, run, dry_run=dry_run)
            before = cpu_seconds(platform)
            results = await send(made, port=platform.api_port, rate=rate, connections=32)
            await asyncio.sleep(SETTLE_S)
            spent = [(b - a) * 1000 / len(made) for a, b in zip(before, cpu_seconds(platform), strict=True)]
            times = sorted(at - due for at, due in zip(results.answered, results.due, strict=True))
            if run == "warm-up":
                continue
            refused = sum(status != 200 for status in results.status)
            heading(f"evaluate, {run}: {rate:.0f} requests/s for {seconds:.0f} s, {refused} not answered with 200")
            p50, p95, p99 = (quantile(times, q) * 1000 for q in (0.5, 0.95, 0.99))
            line("request → decision", f"p50 {p50:.1f}   p95 {p95:.1f}   p99 {p99:.1f} ms", Goal(p95, 20, "below"))
            line("CPU of a request", f"Orylo {spent[0]:.2f}   PostgreSQL {spent[1]:.2f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=200)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--one-core", action="store_true", help="give the platform one core")
    options = parser.parse_args()
    machine()
    uvloop.run(measure(options.rate, options.seconds, one_core=options.one_core))


if __name__ == "__main__":
    main()
