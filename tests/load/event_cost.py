"""Count what one webhook costs the embedded platform: transactions, statements, rows, WAL, and CPU.

    python -m tests.load.event_cost [--seconds 15] [--rates 20 50 100 200] [--statements FILE] [--tables FILE]

Counts include the idle traffic of their time and depend little on the machine. CPU is given in milliseconds, and as a
multiple of a bare aiohttp request, measured in the same run. `--statements` writes how often each statement ran, and
`--tables` the rows that each table received.
"""

import argparse
import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self

import asyncpg
import psutil
import uvloop

from orylo_cli.embedded.data_dir import DataDir
from tests.load.ingest_endpoint import measure
from tests.load.platform_speed import configure, load
from tests.load.report import Goal, heading, line, machine
from tests.load.sender import quantile
from tests.load.statement_log import StatementLog
from tests.support.embedded import Embedded, running_embedded
from tests.support.meta_process import meta_process
from tests.support.servers import free_ports

WARM_UP_S = 5
# Until then the platform looks for messages that an earlier process left, and runs each periodic job once.
START_S = 30
BARE_REQUESTS = 10_000
# All work of a window is done this long after its last webhook.
SETTLE_S = 1.5
# A PostgreSQL session reports its counters once a second while it works, and the last of them after 10 s without work.
REPORTED_S = 11

COUNTERS = """
    SELECT sum(xact_commit)::bigint, sum(tup_inserted)::bigint, sum(tup_updated)::bigint, sum(tup_deleted)::bigint,
           (SELECT wal_records FROM pg_stat_wal), (SELECT wal_bytes FROM pg_stat_wal)::bigint
    FROM pg_stat_database WHERE datname = current_database()
"""
BY_TABLE = "SELECT relid::regclass::text, n_tup_ins, n_tup_upd, n_tup_del FROM pg_stat_all_tables"
PER_RATE_GOALS = {20: {"transactions": 8.0, "statements": 25.0}, 50: {"transactions": 6.0}}
GOALS_AT_200 = {"inserted": 20.0, "wal_bytes": 12_000.0}


# Rows inserted, updated and deleted.
TableRows = Mapping[str, tuple[float, float, float]]


@dataclass(frozen=True)
class Cost:
    """Counters at one time, or their difference between two times. CPU is in seconds."""

    transactions: float
    inserted: float
    updated: float
    deleted: float
    wal_records: float
    wal_bytes: float
    orylo_s: float
    postgres_s: float

    def since(self, before: Self, *, each: float) -> "Cost":
        """Return the difference, divided by `each`."""
        return Cost(**{f.name: (getattr(self, f.name) - getattr(before, f.name)) / each for f in fields(self)})


async def read_cost(platform: Embedded) -> Cost:
    connection = await asyncpg.connect(platform.dsn)
    try:
        row = await connection.fetchrow(COUNTERS)
    finally:
        await connection.close()
    assert row
    transactions, inserted, updated, deleted, wal_records, wal_bytes = row
    return Cost(transactions, inserted, updated, deleted, wal_records, wal_bytes, *cpu_seconds(platform))


async def read_tables(platform: Embedded) -> TableRows:
    connection = await asyncpg.connect(platform.dsn)
    try:
        return {
            table: (inserted, updated, deleted)
            for table, inserted, updated, deleted in await connection.fetch(BY_TABLE)
        }
    finally:
        await connection.close()


def cpu_seconds(platform: Embedded) -> tuple[float, float]:
    """Return the CPU time so far of the platform's process, and of PostgreSQL including its ended processes."""
    orylo = psutil.Process(platform.pid)
    own, postgres_s = orylo.cpu_times(), 0.0
    for process in orylo.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            spent = process.cpu_times()
            postgres_s += spent.user + spent.system + spent.children_user + spent.children_system
    return own.user + own.system, postgres_s


async def measure_idle(platform: Embedded, seconds: float) -> None:
    await asyncio.sleep(START_S)
    before, started = await read_cost(platform), time.monotonic()
    await asyncio.sleep(seconds)
    after, elapsed = await read_cost(platform), time.monotonic() - started
    cost = after.since(before, each=elapsed)
    heading(f"idle for {seconds:.0f} s, per second")
    line("transactions", f"{cost.transactions:8.1f}", Goal(cost.transactions, 3, "below"))
    busy = (cost.orylo_s + cost.postgres_s) * 100
    line("CPU, % of a core", f"{busy:8.1f}", Goal(busy, 2, "below"))


async def measure_rate(
    platform: Embedded, rate: float, seconds: float, bare_s: float
) -> tuple[float, Counter[str], TableRows]:
    """Print the cost of a webhook at `rate`.

    Return its CPU seconds, the statements of a second window, and the rows of a webhook by table.
    """
    port = platform.ingest_port
    await load(port, rate, WARM_UP_S)
    await asyncio.sleep(REPORTED_S)
    tables_before, before = await read_tables(platform), await read_cost(platform)
    _, results = await load(port, rate, seconds)
    await asyncio.sleep(REPORTED_S)
    count = len(results.status)
    cost = (await read_cost(platform)).since(before, each=count)
    tables = changed(tables_before, await read_tables(platform), each=count)
    async with StatementLog(platform.dsn, (DataDir(platform.data_dir).postgres / "log").resolve()) as log:
        _, logged = await load(port, rate, seconds / 3)
        await asyncio.sleep(SETTLE_S)
    statements = sum(log.counted.values()) / len(logged.status)
    cpu_s = cost.orylo_s + cost.postgres_s
    refused = sum(status != 202 for status in results.status)
    heading(f"{rate:.0f} webhooks/s for {seconds:.0f} s, per webhook; {refused} of {count} not accepted")
    goals = PER_RATE_GOALS.get(int(rate), {}) | (GOALS_AT_200 if rate == 200 else {})

    def show(name: str, figure: float, text: str) -> None:
        line(name.replace("_", " "), text, Goal(figure, goals[name], "below") if name in goals else None)

    show("transactions", cost.transactions, f"{cost.transactions:8.1f}")
    show("statements", statements, f"{statements:8.1f}")
    show(
        "inserted", cost.inserted, f"{cost.inserted:8.1f} rows, {cost.updated:.1f} updated, {cost.deleted:.1f} deleted"
    )
    show("wal_bytes", cost.wal_bytes, f"{cost.wal_bytes:8,.0f} in {cost.wal_records:.0f} records")
    line("CPU, ms", f"{cpu_s * 1000:8.2f}: orylo {cost.orylo_s * 1000:.2f}, PostgreSQL {cost.postgres_s * 1000:.2f}")
    multiple = cpu_s / bare_s
    line("multiple of a bare request's CPU", f"{multiple:8.1f}", Goal(multiple, 20, "below") if rate == 200 else None)
    waits = sorted(at - due for at, due in zip(results.answered, results.due, strict=True))
    line("answer, ms", f"p50 {quantile(waits, 0.5) * 1000:.1f}   p95 {quantile(waits, 0.95) * 1000:.1f}")
    return cpu_s, log.counted, tables


def changed(before: TableRows, after: TableRows, *, each: float) -> TableRows:
    """Return the differences by table, divided by `each`, without tables that did not change."""
    changes = {}
    for table, (inserted, updated, deleted) in after.items():
        was = before.get(table, (0, 0, 0))
        change = ((inserted - was[0]) / each, (updated - was[1]) / each, (deleted - was[2]) / each)
        if any(change):
            changes[table] = change
    return changes


def bare_request_s() -> float:
    """Measure the CPU seconds of one request to a bare aiohttp handler."""
    (port,) = free_ports(1)
    return measure("bare", {"ORYLO_INGEST_PORT": str(port)}, BARE_REQUESTS, 32).cpu_us / 1e6


def write_statements(path: Path, counted: Mapping[float, Counter[str]]) -> None:
    with path.open("w") as file:
        for rate, statements in counted.items():
            file.write(f"# {rate:.0f}/s\n")
            file.writelines(f"{count:8} {statement}\n" for statement, count in statements.most_common())


def write_tables(path: Path, by_rate: Mapping[float, TableRows]) -> None:
    with path.open("w") as file:
        for rate, tables in by_rate.items():
            file.write(f"# {rate:.0f}/s: rows inserted, updated, deleted per webhook\n")
            for table, rows in sorted(tables.items(), key=lambda item: item[1], reverse=True):
                file.write("".join(f"{count:8.3f}" for count in rows) + f" {table}\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--rates", type=float, nargs="+", default=[20, 50, 100, 200])
    parser.add_argument("--statements", type=Path, help="a file for the statements of each rate, most frequent first")
    parser.add_argument("--tables", type=Path, help="a file for the rows of each table at each rate")
    arguments = parser.parse_args()
    machine()
    bare_s = bare_request_s()
    line("bare aiohttp request, CPU", f"{bare_s * 1e6:8.0f} µs")
    cpu_s: dict[float, float] = {}
    counted: dict[float, Counter[str]] = {}
    tables: dict[float, TableRows] = {}
    with tempfile.TemporaryDirectory(prefix="orylo-load-") as name:
        folder = Path(name)
        with meta_process(folder) as meta, running_embedded(folder, ORYLO_META_BASE_URL=meta.url) as platform:
            configure(platform.orylo)
            uvloop.run(measure_idle(platform, arguments.seconds))
            for rate in arguments.rates:
                measured = uvloop.run(measure_rate(platform, rate, arguments.seconds, bare_s))
                cpu_s[rate], counted[rate], tables[rate] = measured
    if 20 in cpu_s and 200 in cpu_s:
        ratio = cpu_s[20] / cpu_s[200]
        heading("CPU per webhook at 20/s relative to 200/s")
        line("ratio", f"{ratio:8.1f}", Goal(ratio, 2.5, "below"))
    if arguments.statements:
        write_statements(arguments.statements, counted)
    if arguments.tables:
        write_tables(arguments.tables, tables)


if __name__ == "__main__":
    main()
