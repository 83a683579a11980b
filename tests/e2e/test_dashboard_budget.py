"""What the dashboard costs a browser: Lighthouse's scores, and the sizes of what the pages load."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

import orylo_api
from orylo_cli.demo.shop import TENANT
from tests.support.dashboard import sign_in
from tests.support.embedded import Embedded
from tests.support.eventually import eventually
from tests.support.lighthouse import DebuggedBrowser, debugged_browser

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

ASSETS = Path(orylo_api.__file__).with_name("static") / "assets"
# Compressed bytes of scripts and styles.
FIRST_VISIT_MAX = 110_000
PAGE_MAX = 180_000
ALL_MAX = 500_000
# The demo's destination is disabled by then: the notice of it, which comes after the list of payments, moves nothing.
LAYOUT_SHIFT_MAX = 0.02
# About what a screen shows.
PAYMENTS = 12
EMAIL, PASSWORD = "ana@budget.example", "correct horse battery"

LOADED = """performance.getEntriesByType('resource')
    .filter(({ name }) => /[.](js|css)$/.test(new URL(name).pathname))
    .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0)"""
FIRST_PAYMENT = "fetch('/api/v1/payments?limit=1').then((response) => response.json()).then(({ items }) => items[0].id)"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def demo(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Embedded]:
    """The demo's shop after its traffic: each payment that arrives moves the rows of the list."""
    platform = Embedded(tmp_path_factory.mktemp("budget"), {})
    await asyncio.to_thread(platform.start, "--demo")
    try:
        connection = await asyncpg.connect(platform.dsn)

        async def has_payments() -> bool:
            count: int = await connection.fetchval("SELECT count(*) FROM api.payments_view")
            return count >= PAYMENTS

        await eventually(has_payments, within_s=90)
        await connection.close()
        await asyncio.to_thread(platform.stop)
        await asyncio.to_thread(platform.start)
        # The demo's own user is disabled without the demo.
        new_user = ("user", "create", TENANT, EMAIL, "--role", "owner", "--password-stdin")
        await asyncio.to_thread(platform.orylo, *new_user, text=PASSWORD)
        yield platform
    finally:
        await asyncio.to_thread(platform.stop)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DebuggedBrowser]:
    async with debugged_browser(tmp_path_factory.mktemp("profile")) as running:
        yield running


async def test_lighthouse_on_the_main_pages(demo: Embedded, browser: DebuggedBrowser) -> None:
    """The score of performance depends on the machine, so it is only printed."""

    async def measure(path: str) -> None:
        report = await browser.measure(demo.api_url + path)
        print(path, report)
        assert report.failed == [], path
        assert (report.scores["accessibility"], report.scores["best-practices"]) == (100, 100), path
        assert report.layout_shift < LAYOUT_SHIFT_MAX, path

    await browser.context.clear_cookies()
    await measure("/login")
    page = await browser.context.new_page()
    await sign_in(page, demo.api_url, EMAIL, PASSWORD)
    payment = await page.evaluate(FIRST_PAYMENT)
    await page.close()
    for path in ("/", "/payments", f"/payments/{payment}"):
        await measure(path)


async def test_what_a_page_loads_stays_within_its_budget(demo: Embedded, browser: DebuggedBrowser) -> None:
    await browser.context.clear_cookies()
    page = await browser.context.new_page()
    await page.goto(f"{demo.api_url}/login")
    await page.wait_for_load_state("networkidle")
    assert await page.evaluate(LOADED) < FIRST_VISIT_MAX
    await sign_in(page, demo.api_url, EMAIL, PASSWORD)
    for path in ("/", "/payments"):
        await page.goto(demo.api_url + path)
        await page.get_by_role("heading", level=1).wait_for()
        assert await page.evaluate(LOADED) < PAGE_MAX, path
    await page.close()


def test_all_pages_together_stay_within_their_budget() -> None:
    """In one language, without the API reference."""
    files = [each for pattern in ("*.js.gz", "*.css.gz") for each in ASSETS.glob(pattern)]
    assert files
    assert sum(each.stat().st_size for each in files if "pt-BR" not in each.name) < ALL_MAX
