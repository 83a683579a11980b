"""The reference page in a real browser, on the running API and under its content security policy."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, Request, expect

import orylo_api
from tests.integration.api.conftest import PASSWORD, Api
from tests.support.chromium import headless_chromium

pytestmark = pytest.mark.integration

WAIT_MS = 45_000


@pytest.fixture
async def page(api: Api) -> AsyncIterator[Page]:
    if not Path(orylo_api.__file__).with_name("static").joinpath("docs/index.html").exists():
        pytest.fail("the dashboard is not built: run `make web`", pytrace=False)
    async with headless_chromium() as browser:
        context = await browser.new_context(base_url=api.url)
        credentials = {"email": api.a.owner, "password": PASSWORD}
        assert (await context.request.post("/api/v1/auth/login", data=credentials)).ok
        page = await context.new_page()
        page.set_default_timeout(WAIT_MS)
        yield page


async def test_the_api_can_be_read_and_tried(api: Api, page: Page) -> None:
    complaints: list[str] = []
    strangers: list[str] = []

    def note(request: Request) -> None:
        if not request.url.startswith((api.url, "data:")):
            strangers.append(request.url)

    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", note)
    response = await page.goto("/api/docs")
    assert response is not None
    assert "unsafe" not in response.headers["content-security-policy"]

    await page.locator('[data-path="/api/v1/auth/me"]').click()
    samples = page.locator(".code-samples")
    for language, code in (
        ("cURL", "curl --fail-with-body"),
        ("JavaScript", "await fetch("),
        ("Python", "httpx.request("),
    ):
        await samples.get_by_text(language, exact=True).click(timeout=WAIT_MS)
        await expect(samples.get_by_text(code)).to_be_visible(timeout=WAIT_MS)
    await page.get_by_role("button", name="Try it out").click()
    await page.get_by_role("button", name="Execute").click()
    await expect(page.locator(".live-responses-table").get_by_text(api.a.owner).first).to_be_visible(timeout=WAIT_MS)

    assert (complaints, strangers) == ([], [])
