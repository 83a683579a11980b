"""Measure the dashboard's requests over many payments, and what they cost on disk.

    python -m tests.load.dashboard_speed [--payments 1000000] [--seconds 60] [--rate 50] [--folder /tmp/history]

Copies a year of payments into an embedded platform (`payment_history`), sums the rollups with `orylo rebuild rollups`,
and sends the dashboard's requests at a fixed rate, those of a tenant with few payments too. Those of the first 30 s are
not counted: the platform has just started, and each connection to PostgreSQL still prepares its statements. With
`--folder` the platform stays there, and is used again.
"""

import argparse
import asyncio
import subprocess
import tempfile
import time
from collections import defaultdict
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from itertools import chain, cycle, islice
from pathlib import Path
from urllib.parse import quote
from uuid import UUID

import aiohttp
import asyncpg
import uvloop

from orylo_api.http.route import Media, Route
from orylo_api.routes import ROUTES
from tests.load.payment_history import copy_history
from tests.load.platform_speed import SECRET, TENANT, configure
from tests.load.report import Goal, heading, line, machine
from tests.load.sender import quantile, send
from tests.load.webhooks import payment_id, stripe_requests
from tests.support.embedded import ORYLO, Embedded, running_embedded

GOALS_MS = {"/api/v1/overview": 20.0}
GOAL_MS = 50.0
GOAL_FRESH_S = 2.0
WARM_UP_S = 30
SMALL_TENANT, FEW_PAYMENTS = "small", 1000
SIZES = """
    SELECT relname, pg_table_size(c.oid) AS rows, pg_indexes_size(c.oid) AS indexes FROM pg_class AS c
    WHERE relnamespace = 'api'::regnamespace AND relkind = 'r' ORDER BY pg_total_relation_size(c.oid) DESC
"""
TABLES = "SELECT relname FROM pg_class WHERE relnamespace = 'api'::regnamespace AND relkind = 'r'"
# Ids by the first part of the path, of a payment that has everything.
IDS = {
    "payments": "SELECT payment_id FROM api.conversions_view WHERE tenant_id = $1 OFFSET 500 LIMIT 1",
    "customers": "SELECT customer_id FROM api.customers_view WHERE tenant_id = $1 OFFSET 100 LIMIT 1",
    "detections": "SELECT id::text FROM api.detections_view WHERE tenant_id = $1 OFFSET 500 LIMIT 1",
    "conversions": "SELECT id::text FROM api.conversions_view WHERE tenant_id = $1 OFFSET 500 LIMIT 1",
}


def fill(platform: Embedded, payments: int) -> None:
    heading(f"a year of {payments:,} payments")
    platform.orylo("tenant", "create", SMALL_TENANT)
    started = time.monotonic()
    for tenant, count in ((SMALL_TENANT, FEW_PAYMENTS), (TENANT, payments)):
        copy_history(platform.dsn, uvloop.run(tenant_id_of(platform, tenant)), count)
    line("copied in, s", f"{time.monotonic() - started:8.0f}")


async def tenant_id_of(platform: Embedded, tenant: str) -> UUID:
    connection = await asyncpg.connect(platform.dsn)
    tenant_id: UUID = await connection.fetchval("SELECT id FROM control.tenants WHERE slug = $1", tenant)
    await connection.close()
    return tenant_id


async def vacuum(platform: Embedded) -> None:
    connection = await asyncpg.connect(platform.dsn)
    for row in await connection.fetch(TABLES):
        await connection.execute(f'VACUUM (ANALYZE) api."{row["relname"]}"')
    await connection.close()


async def measure_size(platform: Embedded, payments: int) -> None:
    connection = await asyncpg.connect(platform.dsn)
    sizes = await connection.fetch(SIZES)
    await connection.close()
    heading("bytes for each payment")
    total = sum(row["rows"] + row["indexes"] for row in sizes) / payments
    line("read models", f"{total:8,.0f}")
    for row in sizes[:10]:
        line(row["relname"], f"{row['rows'] / payments:8,.0f} and {row['indexes'] / payments:,.0f} of indexes")


def paths(ids: dict[str, str]) -> list[str]:
    """Return the dashboard's requests: all lists and figures, with the most costly queries, and one of each thing."""
    now = datetime.now(UTC)

    def since(days: int) -> str:
        return quote((now - timedelta(days=days)).isoformat(timespec="seconds"))

    found = [
        "/api/v1/overview?timezone=America/Sao_Paulo&compare=previous_day",
        f"/api/v1/overview?timezone=America/Sao_Paulo&compare=previous_period&range=30d&from={since(30)}",
        f"/api/v1/overview?timezone=Asia/Kathmandu&from={since(90)}",
        "/api/v1/timeseries?metrics=payments,succeeded,success_rate&split=gateway",
        f"/api/v1/timeseries?granularity=hour&metrics=payments&split=decision&from={since(7)}",
        f"/api/v1/timeseries?granularity=day&metrics=succeeded_minor,stopped_minor&currency=BRL&from={since(90)}",
        f"/api/v1/timeseries?granularity=day&metrics=match_rate,delivery_p95_ms&from={since(30)}&timezone=Asia/Kathmandu",
        f"/api/v1/timeseries?granularity=day&metrics=payments&split=method&from={since(364)}",
        f"/api/v1/funnel?compare=previous_period&from={since(30)}",
        "/api/v1/quality?weeks=12",
        "/api/v1/payments",
        "/api/v1/payments?decision=block",
        "/api/v1/payments?decision=block&state=succeeded",
        "/api/v1/payments?conversion=failed",
        "/api/v1/payments?min_risk=90",
        "/api/v1/payments?verdict=fraud",
        "/api/v1/payments?min_amount=100000&currency=BRL",
        f"/api/v1/payments?gateway=hotmart&state=failed&from={since(30)}",
        "/api/v1/customers",
        "/api/v1/customers?status=blocked",
        f"/api/v1/customers?max_trust=20&last_seen_from={since(30)}",
        "/api/v1/conversions?status=failed",
    ]
    for route in ROUTES:
        if not _is_read(route) or route.path in {path.partition("?")[0] for path in found}:
            continue
        parts = route.path.removeprefix("/api/v1/").split("/")
        if route.path_values is None:
            found.append(route.path)
        elif parts[0] in ids and parts[1] == "{id}" and route.path.count("{") == 1:
            found.append(route.path.replace("{id}", quote(ids[parts[0]], safe=":")))
    return found


def _is_read(route: Route) -> bool:
    return route.method == "GET" and route.in_transaction and route.media is Media.JSON


async def measure_requests(platform: Embedded, tenant: str, key: str, rate: float, seconds: float) -> None:
    tenant_id = await tenant_id_of(platform, tenant)
    connection = await asyncpg.connect(platform.dsn)
    ids = {name: await connection.fetchval(query, tenant_id) for name, query in IDS.items()}
    await connection.close()
    times: defaultdict[str, list[float]] = defaultdict(list)
    refused: dict[str, int] = {}

    async with aiohttp.ClientSession(platform.api_url, headers={"Authorization": f"Bearer {key}"}) as session:

        async def ask(path: str, due: float) -> None:
            async with session.get(path) as response:
                await response.read()
                if response.status != 200:
                    refused[path] = response.status
            if due >= started + WARM_UP_S:
                times[path].append(time.monotonic() - due)

        started = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for number, path in enumerate(islice(cycle(paths(ids)), int(rate * (WARM_UP_S + seconds)))):
                due = started + number / rate
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                group.create_task(ask(path, due))
    heading(f"tenant {tenant}: {rate:.0f} requests/s for {seconds:.0f} s, from when each was due")
    together = {"all": list(chain.from_iterable(times.values()))}
    for address in GOALS_MS:
        asked = [taken for path, taken in times.items() if path.partition("?")[0] == address]
        together[address] = list(chain.from_iterable(asked))
    each = sorted(times.items(), key=lambda item: -quantile(sorted(item[1]), 0.95))
    for path, taken in [*together.items(), *each]:
        taken.sort()
        p50, p95 = (quantile(taken, q) * 1000 for q in (0.5, 0.95))
        goal = Goal(p95, GOALS_MS.get(path.partition("?")[0], GOAL_MS), "below")
        line(f"p50 {p50:6.1f}   p95 {p95:6.1f} ms", path, goal)
    for path, status in refused.items():
        line("refused", f"{status} {path}")


async def measure_freshness(platform: Embedded, key: str, count: int = 10) -> None:
    """Measure the time from a webhook's answer until the API shows its payment and counts it."""
    waits: list[float] = []
    async with aiohttp.ClientSession(platform.api_url, headers={"Authorization": f"Bearer {key}"}) as session:
        for number in range(count):
            before = await _attempts(session)
            run = f"{time.time_ns():x}"
            host = f"127.0.0.1:{platform.ingest_port}"
            requests = list(stripe_requests(run, 1, tenant=TENANT, secret=SECRET, host=host))
            await send(requests, port=platform.ingest_port, rate=1, connections=1)
            answered = time.monotonic()
            while time.monotonic() < answered + 30:
                async with session.get(f"/api/v1/payments/{payment_id(run, 0)}") as response:
                    if response.status == 200 and await _attempts(session) > before:
                        break
                await asyncio.sleep(0.02)
            waits.append(time.monotonic() - answered)
            await asyncio.sleep(0.1 * number)
    waits.sort()
    heading("from a webhook's answer until its payment is shown and counted")
    text = f"p50 {quantile(waits, 0.5):.2f}   slowest {waits[-1]:.2f} s"
    line(f"{count} webhooks", text, Goal(waits[-1], GOAL_FRESH_S, "below"))


async def _attempts(session: aiohttp.ClientSession) -> int:
    async with session.get("/api/v1/overview") as response:
        attempts: int = (await response.json())["period"]["attempts"]
        return attempts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--payments", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rate", type=float, default=50)
    parser.add_argument("--folder", type=Path, help="keeps the platform, and uses one that is there")
    arguments = parser.parse_args()
    machine()
    with ExitStack() as stack:
        folder = arguments.folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="orylo-load-")))
        folder.mkdir(parents=True, exist_ok=True)
        filled = (folder / "data").exists()
        platform = stack.enter_context(running_embedded(folder))
        if not filled:
            configure(platform.orylo)
            fill(platform, arguments.payments)
            started = time.monotonic()
            subprocess.run([ORYLO, "rebuild", "rollups", "--data-dir", platform.data_dir], check=True)
            line("rollups summed in, s", f"{time.monotonic() - started:8.0f}")
            uvloop.run(vacuum(platform))
        key = platform.orylo("apikey", "create", TENANT, "--role", "owner").strip()
        uvloop.run(measure_size(platform, arguments.payments))
        uvloop.run(measure_freshness(platform, key))
        uvloop.run(measure_requests(platform, TENANT, key, arguments.rate, arguments.seconds))
        key = platform.orylo("apikey", "create", SMALL_TENANT, "--role", "owner").strip()
        uvloop.run(measure_requests(platform, SMALL_TENANT, key, arguments.rate, arguments.seconds))


if __name__ == "__main__":
    main()
