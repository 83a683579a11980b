"""Measure the dashboard in Chromium: each page's first content, and the list of payments under steady traffic.

    python -m tests.load.dashboard_browser [--seconds 600] [--rate 50] [--folder /tmp/history]

With `--folder`, the pages show the payments that `dashboard_speed` left there; without it, those of the traffic. The
list stays open while webhooks arrive. Every few seconds the pointer rests on a row, which must not change under it.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import asyncpg
import uvloop
from playwright.async_api import CDPSession, Page

from tests.load.dashboard_speed import IDS, tenant_id_of
from tests.load.platform_speed import TENANT, configure, load
from tests.load.report import Goal, heading, line, machine
from tests.load.sender import quantile
from tests.support.chromium import headless_chromium
from tests.support.dashboard import PAGES, sign_in, visitor
from tests.support.embedded import Embedded, running_embedded

PASSWORD = "load-only-7f3a91c2"
PATHS = (*PAGES, "/payments?decision=block")
VISITS = 5
GOAL_CONTENT_MS = 1000.0
LONG_TASK_MS = 100
GOAL_LONG_SHARE = 0.01
GOAL_HEAP_MB = 120.0
# At the goal's 50 webhooks a second.
GOAL_HOUR_MB = 2.0
GLANCE_S = 5.0
REST_S = 2.0
WARM_UP_S = 5.0
PART_S = 60

# The time since the navigation began, once there are a heading and no placeholders.
CONTENT = """() => {
    const loading = document.querySelector('main [role=status] > [class*=placeholder]');
    return document.querySelector('main h1') !== null && loading === null ? performance.now() : false;
}"""
OBSERVE = """() => {
    window.seen = { tasks: [], frames: 0 };
    new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) window.seen.tasks.push(duration);
    }).observe({ type: 'longtask' });
    const count = () => { window.seen.frames += 1; requestAnimationFrame(count); };
    requestAnimationFrame(count);
}"""
ROWS = "[...document.querySelectorAll('tr[data-row]')].slice(0, 100).map((row) => row.dataset.row)"
UNDER = """({ x, y }) => document.elementFromPoint(x, y)?.closest('tr')?.dataset.row ?? null"""


@dataclass
class Relay:
    """Counts the bytes between the API and a browser. The debugger counts none of a stream that has not ended."""

    api_port: int
    received: int = 0

    @asynccontextmanager
    async def run(self) -> AsyncIterator[str]:
        """Yield the relay's address."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        try:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        api_reader, api_writer = await asyncio.open_connection("127.0.0.1", self.api_port)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._copy(reader, api_writer))
            group.create_task(self._copy(api_reader, writer, counted=True))

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, counted: bool = False) -> None:
        with suppress(ConnectionError):
            while chunk := await reader.read(65536):
                self.received += len(chunk) if counted else 0
                writer.write(chunk)
                await writer.drain()
        writer.close()


@dataclass
class Watched:
    heap_mb: list[float] = field(default_factory=list)
    unordered: int = 0
    glances: int = 0
    moved: int = 0


def make_user(platform: Embedded) -> str:
    email = f"{time.time_ns():x}@load.example"
    platform.orylo("user", "create", TENANT, email, "--role", "owner", "--password-stdin", text=PASSWORD)
    return email


async def measure_pages(page: Page, platform: Embedded) -> None:
    tenant_id = await tenant_id_of(platform, TENANT)
    connection = await asyncpg.connect(platform.dsn)
    things = [
        f"/{kind}/{quote(await connection.fetchval(IDS[kind], tenant_id) or '')}" for kind in ("payments", "customers")
    ]
    count = await connection.fetchval("SELECT count(*) FROM api.payments_view")
    await connection.close()
    heading(f"from the navigation to a page's content, {count:,} payments, {VISITS} visits each")
    for path in (*PATHS, *things):
        times = []
        for _ in range(VISITS):
            await page.goto(platform.api_url + path, wait_until="commit")
            times.append(await (await page.wait_for_function(CONTENT)).json_value())
        times.sort()
        text = f"p50 {quantile(times, 0.5):6.0f}   slowest {times[-1]:6.0f} ms"
        line(path if len(path) < 44 else f"{path[:41]}…", text, Goal(times[-1], GOAL_CONTENT_MS, "below"))


async def watch_list(page: Page, platform: Embedded, relay: Relay, rate: float, seconds: float) -> None:
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("HeapProfiler.enable")
    await page.get_by_role("link", name="Payments").first.click()
    await load(platform.ingest_port, rate, WARM_UP_S)
    await page.locator("tr[data-row]").first.wait_for()
    watched = Watched()
    await page.evaluate(OBSERVE)
    started, received = time.monotonic(), relay.received
    sending = asyncio.create_task(send_steadily(platform.ingest_port, rate, seconds))
    while not sending.done():
        await glance(page, devtools, platform, watched)
    statuses = await sending
    elapsed = time.monotonic() - started
    seen = await page.evaluate("window.seen")
    accepted = statuses.count(202)
    long = [duration for duration in seen["tasks"] if duration > LONG_TASK_MS]
    heading(f"the list open for {elapsed:.0f} s at {rate:.0f} webhooks/s, {accepted:,} of {len(statuses):,} accepted")
    share = len(long) / max(1, seen["frames"])
    text = f"{len(long)} of {seen['frames']:,} frames, longest {max(seen['tasks'], default=0):.0f} ms"
    line(f"tasks over {LONG_TASK_MS} ms", text, Goal(share, GOAL_LONG_SHARE, "below"))
    first, last = watched.heap_mb[0], watched.heap_mb[-1]
    line(
        "heap, MB",
        f"{first:.1f} first, {max(watched.heap_mb):.1f} most, {last:.1f} last",
        Goal(last, GOAL_HEAP_MB, "below"),
    )
    line("lists out of order", f"{watched.unordered} of {watched.glances}")
    line("rows that moved under the pointer", f"{watched.moved} of {watched.glances}")
    hour_mb = (relay.received - received) / elapsed * 3600 / 1e6
    line("received in an hour, MB", f"{hour_mb:.1f}", Goal(hour_mb, GOAL_HOUR_MB, "below"))


async def send_steadily(port: int, rate: float, seconds: float) -> list[int]:
    """Return the statuses. Each part is signed just before it is sent: a signature is valid for five minutes."""
    statuses: list[int] = []
    for sent_s in range(0, int(seconds), PART_S):
        _, results = await load(port, rate, min(PART_S, seconds - sent_s))
        statuses += results.status
    return statuses


async def glance(page: Page, devtools: CDPSession, platform: Embedded, watched: Watched) -> None:
    """Look at the list as a person does: let it move, then rest the pointer on a row."""
    await page.mouse.move(2, 2)
    await asyncio.sleep(GLANCE_S)
    watched.glances += 1
    shown: list[str] = await page.evaluate(ROWS)
    watched.unordered += not await is_ordered(platform, shown)
    row = await page.locator("tr[data-row]").nth(3).bounding_box()
    if row is not None:
        at = {"x": row["x"] + row["width"] / 2, "y": row["y"] + row["height"] / 2}
        await page.mouse.move(at["x"] - 1, at["y"])
        await page.mouse.move(at["x"], at["y"])
        before = await page.evaluate(UNDER, at)
        await asyncio.sleep(REST_S)
        watched.moved += await page.evaluate(UNDER, at) != before
    await devtools.send("HeapProfiler.collectGarbage")
    heap = await devtools.send("Runtime.getHeapUsage")
    watched.heap_mb.append(heap["usedSize"] / 1e6)


async def is_ordered(platform: Embedded, shown: list[str]) -> bool:
    """Return whether the payments are the newest first, by their own times."""
    connection = await asyncpg.connect(platform.dsn)
    query = "SELECT payment_id, created_at FROM api.payments_view WHERE payment_id = ANY($1)"
    times = {row["payment_id"]: row["created_at"] for row in await connection.fetch(query, shown)}
    await connection.close()
    known = [times[each] for each in shown if each in times]
    return known == sorted(known, reverse=True)


async def measure(platform: Embedded, email: str, rate: float, seconds: float) -> None:
    relay = Relay(int(platform.api_url.rpartition(":")[2]))
    async with headless_chromium() as browser:
        async with relay.run() as url, visitor(browser) as (page, _):
            await sign_in(page, url, email, PASSWORD)
            await watch_list(page, platform, relay, rate, seconds)
        async with visitor(browser) as (page, _):
            await sign_in(page, platform.api_url, email, PASSWORD)
            await measure_pages(page, platform)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--rate", type=float, default=50)
    parser.add_argument("--folder", type=Path, help="the platform that dashboard_speed left there")
    arguments = parser.parse_args()
    machine()
    with ExitStack() as stack:
        folder = arguments.folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="orylo-load-")))
        filled = (folder / "data").exists()
        platform = stack.enter_context(running_embedded(folder))
        if not filled:
            configure(platform.orylo)
        uvloop.run(measure(platform, make_user(platform), arguments.rate, arguments.seconds))


if __name__ == "__main__":
    main()
