"""Every page of the dashboard in a real browser, with the demo's data: whole, accessible and without errors."""

import re
from collections.abc import AsyncIterator, Iterator
from typing import Literal

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, ViewportSize, expect

from orylo_cli.demo.shop import EMAIL, PASSWORD
from tests.support.chromium import headless_chromium
from tests.support.dashboard import PAGES, PHONE, WIDE, assert_whole, sign_in, violations, visitor
from tests.support.embedded import Embedded

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

PATHS = (*PAGES, "/no/such/page")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    platform = Embedded(tmp_path_factory.mktemp("demo"), {})
    platform.start("--demo")
    try:
        yield platform
    finally:
        platform.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with headless_chromium() as running:
        yield running


async def loaded(page: Page) -> None:
    """Wait until the page shows its data or says that there is none."""
    await expect(page.locator("h1")).to_have_count(1)
    await expect(page.locator("[role=status]").filter(has_text=re.compile("^(Loading|Carregando)"))).to_have_count(0)


async def page_of_one(page: Page, kind: str) -> str:
    """Return the path of a payment's, customer's or destination's page, once the demo has one."""
    first = f"fetch('/api/v1/{kind}').then((response) => response.json()).then(({{ items }}) => items[0]?.id)"
    thing: str = await (await page.wait_for_function(first)).json_value()
    return f"/{kind}/{thing}"


@pytest.mark.parametrize(
    ("viewport", "locale", "theme"),
    [(WIDE, "en-US", "light"), (PHONE, "pt-BR", "dark")],
    ids=["wide", "phone"],
)
async def test_every_page(
    demo: Embedded, browser: Browser, viewport: ViewportSize, locale: str, theme: Literal["light", "dark"]
) -> None:
    async with visitor(browser, viewport, locale=locale, theme=theme) as (page, log):
        await sign_in(page, demo.api_url, EMAIL, PASSWORD)
        for path in (*PATHS, *[await page_of_one(page, kind) for kind in ("payments", "customers", "destinations")]):
            await page.goto(demo.api_url + path)
            await loaded(page)
            assert await violations(page) == [], path
            await assert_whole(page)
            await page.set_viewport_size(viewport)
        assert [error for error in log.errors if "status of 4" not in error] == []


async def test_an_export_is_started_on_a_list_and_found_among_the_jobs(demo: Embedded, browser: Browser) -> None:
    async with visitor(browser, PHONE, locale="pt-BR", theme="dark") as (page, _):
        await sign_in(page, demo.api_url, EMAIL, PASSWORD)
        await page_of_one(page, "payments")
        await page.goto(f"{demo.api_url}/payments?gateway=stripe,hotmart&range=7d")
        await page.get_by_role("button", name="Exportar…").click()
        dialog = page.get_by_role("dialog")
        await expect(dialog).to_contain_text("Stripe · Hotmart · Últimos 7 dias")
        assert await violations(page) == []
        await assert_whole(page)
        await dialog.get_by_role("button", name="Exportar").click()

        await expect(page.get_by_role("region", name="Exportação de pagamentos")).to_be_visible()
        await page.reload()
        async with page.expect_download() as download:
            await page.get_by_role("link", name="Baixar").click()
        assert (await (await download.value).path()).read_text().startswith("payment_id,")
        await page.goto(f"{demo.api_url}/jobs")
        exported = page.get_by_role("listitem").filter(has_text="Exportação de pagamentos")
        await expect(exported).to_contain_text("Concluída")
        assert await violations(page) == []
        await assert_whole(page)
