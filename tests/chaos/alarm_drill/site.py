"""The platform that the drill breaks: a fleet with two shops, fakes of Meta and Stripe, and traffic."""

import asyncio
import subprocess
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import asyncpg

from orylo_cli.demo.fake_stripe import FakeStripe, run_fake_stripe
from orylo_cli.simulate import stripe
from tests.support.fleet import SERVICES, Fleet, running_fleet
from tests.support.meta_process import MetaProcess, meta_process
from tests.support.monitoring import Monitoring, monitoring
from tests.support.servers import free_ports, killed_with_parent, listens, program, wait_until
from tests.support.shops import new_payment, stripe_signature

# The second shop has the faults that would change the decisions or the refunds of the first.
SHOP, OTHER_SHOP = "drill", "other"
SECRET, PIXEL, STRIPE_KEY = "whsec_drill", "1234567890", "rk_live_51Drill"
SET_UP = (
    ("tenant", "create", SHOP),
    ("gateway", "set", SHOP, "stripe", "--secret-stdin"),
    ("gateway", "set", SHOP, "hotmart", "--secret-stdin"),
    ("destination", "add", SHOP, "meta", "--pixel-id", PIXEL, "--token-stdin"),
    ("tenant", "create", OTHER_SHOP),
    ("gateway", "set", OTHER_SHOP, "stripe", "--secret-stdin"),
)
SALES_PER_SECOND = 8.0
# One payment in four, so that both methods have a share.
PIX_EVERY = 4

Result = TypeVar("Result")


class Site:
    def __init__(self, folder: Path, fleet: Fleet, meta: MetaProcess) -> None:
        self.folder = folder
        self.fleet = fleet
        self.meta = meta
        self.stripe = FakeStripe()
        self.monitor: Monitoring
        # Closed when the monitoring ends: what a fault leaves running.
        self.until_end: ExitStack
        self.began_at = 0.0
        self.api_key = ""
        self.tenant_id = ""
        self._sales = 0
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._http = self.run(_session())

    def began(self) -> None:
        """Say that a fault begins now, after its preparations."""
        self.began_at = time.time()

    def run(self, work: Awaitable[Result]) -> Result:
        """Wait for a coroutine on the loop that also sends the traffic."""
        return asyncio.run_coroutine_threadsafe(_awaited(work), self._loop).result()

    @contextmanager
    def steadily(self, per_second: float, action: Callable[[], Awaitable[object]]) -> Iterator[None]:
        """Begin `action` at a steady rate, however long each one takes. Failures of its requests are its result."""

        async def repeat() -> None:
            started, running = time.monotonic(), set[asyncio.Task[object]]()
            for number in range(10_000_000):
                task = asyncio.ensure_future(_quietly(action))
                running.add(task)
                task.add_done_callback(running.discard)
                await asyncio.sleep(started + (number + 1) / per_second - time.monotonic())

        repeating = asyncio.run_coroutine_threadsafe(repeat(), self._loop)
        try:
            yield
        finally:
            repeating.cancel()

    async def send(self, body: bytes, *, shop: str = SHOP, gateway: str = "stripe", secret: str = SECRET) -> int:
        """Send a signed webhook. Return the status of the response."""
        headers = {"Content-Type": "application/json"}
        if gateway == "stripe":
            headers["Stripe-Signature"] = stripe_signature(body, secret)
        else:
            headers["X-HOTMART-HOTTOK"] = secret
        url = f"{self.fleet.url('ingest')}/api/v1/webhooks/{gateway}/{shop}"
        async with self._http.post(url, data=body, headers=headers) as response:
            return response.status

    async def sell(self, *, shop: str = SHOP, **changes: Any) -> str:
        """Send the webhook of a new paid payment. Return the payment's id."""
        payment = new_payment(**changes)
        await self.send(stripe.intent_succeeded(payment, int(time.time())), shop=shop)
        return f"stripe:pi_{payment.native_id}"

    async def sell_by_turns(self) -> None:
        """Sell by card, and each fourth time by Pix."""
        self._sales += 1
        await self.sell(method="card" if self._sales % PIX_EVERY else "pix")

    async def fail_to_pay(self, decline_code: str = "insufficient_funds") -> None:
        await self.send(stripe.intent_failed(new_payment(), int(time.time()), attempt=1, decline_code=decline_code))

    async def get(self, url: str) -> int:
        """Read a URL of the platform with the shop's API key. Return the status."""
        async with self._http.get(url, headers={"Authorization": f"Bearer {self.api_key}"}) as response:
            await response.read()
            return response.status

    async def post(self, path: str, body: Mapping[str, object]) -> int:
        """Send JSON to the API with the shop's API key. Return the status."""
        url, headers = f"{self.fleet.url('api')}/api/v1/{path}", {"Authorization": f"Bearer {self.api_key}"}
        async with self._http.post(url, json=body, headers=headers) as response:
            return response.status

    def sql(self, statement: str, *arguments: object) -> list[asyncpg.Record]:
        """Run a statement as the superuser. Return its rows."""
        return self.run(_fetch(self.fleet.dsn, statement, *arguments))

    @contextmanager
    def locked(self, table: str) -> Iterator[None]:
        """Hold a table's exclusive lock, as a careless migration does."""
        connection = self.run(asyncpg.connect(self.fleet.dsn))
        try:
            self.run(connection.execute("BEGIN"))
            self.run(connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"))
            yield
        finally:
            self.run(connection.close())

    def restart(self, service: str, **environment: str) -> None:
        """Restart a service, with further variables in its environment."""
        self.fleet.kill(service)
        self.fleet.start(service, **environment)

    def watch(self, job: str) -> None:
        self.monitor.watch(job, self.fleet.url(job).removeprefix("http://"))

    @contextmanager
    def program(self, name: str, package: str, *options: str) -> Iterator[str]:
        """Run a server with its option `--web.listen-address`. Yield its address."""
        (port,) = free_ports(1)
        command: list[str | Path] = [program(name, package), f"--web.listen-address=127.0.0.1:{port}", *options]
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(killed_with_parent(command), stdout=log, stderr=log)
        try:
            wait_until(lambda: listens(port), name)
            yield f"127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait()

    def close(self) -> None:
        self.run(self._http.close())
        self._loop.call_soon_threadsafe(self._loop.stop)


async def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        timeout=aiohttp.ClientTimeout(total=20),
        cookie_jar=aiohttp.DummyCookieJar(),
    )


async def _awaited(work: Awaitable[Result]) -> Result:
    return await work


async def _quietly(action: Callable[[], Awaitable[object]]) -> None:
    """Services are down in a drill: a request without an answer is expected."""
    with suppress(aiohttp.ClientError, TimeoutError):
        await action()


async def _fetch(dsn: str, statement: str, *arguments: object) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(dsn)
    try:
        return list(await connection.fetch(statement, *arguments))
    finally:
        await connection.close()


@contextmanager
def running_site(folder: Path) -> Iterator[Site]:
    with ExitStack() as stack:
        meta = stack.enter_context(meta_process(folder))
        (stripe_port,) = free_ports(1)
        fleet_folder = folder / "fleet"
        fleet_folder.mkdir()
        stripe_url = f"http://127.0.0.1:{stripe_port}"
        fleet = stack.enter_context(
            running_fleet(fleet_folder, meta.url, *SET_UP, secret=SECRET, ORYLO_STRIPE_BASE_URL=stripe_url)
        )
        site = Site(folder, fleet, meta)
        stack.callback(site.close)
        running = run_fake_stripe(stripe_port)
        site.stripe = site.run(running.__aenter__())
        stack.callback(lambda: site.run(running.__aexit__(None, None, None)))
        site.stripe.account(STRIPE_KEY)
        site.api_key = fleet.orylo("apikey", "create", SHOP, "--role", "admin").strip()
        site.tenant_id = str(site.sql("SELECT id FROM control.tenants WHERE slug = $1", SHOP)[0]["id"])
        yield site


@contextmanager
def watched(site: Site, folder: Path, *, is_quick: bool) -> Iterator[None]:
    """Watch the site with the deployed rules, or with their quick variants."""
    targets = {service: site.fleet.url(service).removeprefix("http://") for service in SERVICES}
    with monitoring(folder, targets, is_quick=is_quick) as site.monitor, ExitStack() as site.until_end:
        yield
