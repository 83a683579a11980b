"""The dashboard in a real browser, on the whole platform: what a user sees when a payment's webhook arrives."""

import json
import secrets
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, ViewportSize, expect

import orylo_api
from orylo_cli.simulate import stripe
from orylo_cli.simulate.buyers import buyer
from tests.support.chromium import headless_chromium
from tests.support.embedded import Embedded, running_embedded
from tests.support.meta_process import meta_process
from tests.support.servers import program, wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

TENANT, EMAIL, PASSWORD, SECRET = "minha-loja", "ana@shop.example", "a password for the test", "whsec_dashboard_test"
# Without any payment.
EMPTY_TENANT, EMPTY_EMAIL = "loja-nova", "bia@shop.example"
WIDE = ViewportSize(width=1440, height=900)
PHONE = ViewportSize(width=375, height=812)
# Updates appear within a second. A busy machine gets more time.
ARRIVES_MS = 45_000
expect.set_options(timeout=ARRIVES_MS)


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    """Two tenants with Stripe and a user each, and the fake Meta."""
    built = Path(orylo_api.__file__).with_name("static") / "index.html"
    if not built.exists():
        pytest.fail("the dashboard is not built: run `make web`", pytrace=False)
    folder = tmp_path_factory.mktemp("dashboard")
    with meta_process(folder) as meta, running_embedded(folder, ORYLO_META_BASE_URL=meta.url) as running:
        for tenant, email in ((TENANT, EMAIL), (EMPTY_TENANT, EMPTY_EMAIL)):
            running.orylo("tenant", "create", tenant)
            running.orylo("user", "create", tenant, email, "--role", "owner", "--password-stdin", text=PASSWORD)
            running.orylo("destination", "add", tenant, "meta", "--pixel-id", "1234567890", "--token", "EAAtest")
            running.orylo("gateway", "set", tenant, "stripe", "--secret", SECRET)
        wait_until(lambda: is_known(running, "stripe", EMPTY_TENANT), "the shop at the ingest endpoint")
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with headless_chromium() as running:
        yield running


@dataclass
class PageLog:
    """The URLs that a page requested, and the errors in its console."""

    urls: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


@asynccontextmanager
async def visitor(browser: Browser, viewport: ViewportSize = WIDE) -> AsyncIterator[tuple[Page, PageLog]]:
    context = await browser.new_context(viewport=viewport, locale="en-US", timezone_id="America/Sao_Paulo")
    page, log = await context.new_page(), PageLog()
    page.on("request", lambda request: log.urls.append(request.url))
    page.on("console", lambda line: log.errors.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: log.errors.append(str(error)))
    try:
        yield page, log
    finally:
        await context.close()


async def sign_in(page: Page, platform: Embedded, email: str = EMAIL) -> None:
    await page.goto(platform.api_url)
    await page.get_by_label("Email").fill(email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()


async def overflow(page: Page) -> int:
    """Return by how many pixels the page is wider than the screen."""
    width: int = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return width


def curl(command: str) -> None:
    """Run the command that a page shows."""
    program("curl", "curl")
    answer = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True, timeout=30).stdout
    assert '"status":"accepted"' in answer, answer


def is_known(platform: Embedded, gateway: str, tenant: str) -> bool:
    """Return whether ingest answers an unauthenticated webhook with 401 instead of 404."""
    url = f"{platform.ingest_url}/api/v1/webhooks/{gateway}/{tenant}"
    try:
        urllib.request.urlopen(url, b"{}").close()
    except urllib.error.HTTPError as refused:
        return refused.code == 401
    return False


def pay(platform: Embedded, amount_minor: int) -> None:
    """Send Stripe's webhook of one successful payment."""
    a_buyer, now = buyer(1, secrets.randbelow(10**6)), int(time.time())
    payment = stripe.StripePayment(
        native_id="3E" + "".join(Random().choices("abcdefgh12345678", k=20)),
        buyer=a_buyer,
        card=a_buyer.card,
        method="card",
        amount_minor=amount_minor,
        currency="brl",
        description="Curso de Fotografia",
        created=now,
        metadata={"client_ip": a_buyer.ip},
    )
    body = stripe.intent_succeeded(payment, now)
    request = urllib.request.Request(f"{platform.ingest_url}/api/v1/webhooks/stripe/{TENANT}", body)
    request.add_header("Content-Type", "application/json")
    request.add_header("Stripe-Signature", stripe.signature_header(SECRET, body, now))
    with urllib.request.urlopen(request) as response:
        assert response.status == 202
        assert json.load(response)["status"] == "accepted"


async def test_the_first_page_shows_working_commands_to_send_a_webhook(platform: Embedded, browser: Browser) -> None:
    async with visitor(browser) as (page, _):
        await sign_in(page, platform, EMPTY_EMAIL)
        await expect(page.get_by_text("Waiting for the first payment")).to_be_visible()
        settings, request = [await each.inner_text() for each in await page.get_by_role("region", name="Command").all()]
        written, _, command = settings.partition(" | ")
        orylo, *arguments = command.split()
        assert orylo == ".venv/bin/orylo"
        platform.orylo(*arguments, text=written.removeprefix("printf "))
        wait_until(lambda: is_known(platform, "hotmart", EMPTY_TENANT), "the gateway at the ingest endpoint")

        curl(request.replace(":8080", f":{platform.ingest_port}"))

        await expect(page.get_by_role("row").filter(has_text="R$297.00")).to_be_visible(timeout=ARRIVES_MS)


async def test_a_payment_appears_without_a_reload(platform: Embedded, browser: Browser) -> None:
    async with visitor(browser) as (page, _):
        await sign_in(page, platform)
        await expect(page.get_by_role("status", name="Live connection")).to_have_text("Live")
        await page.evaluate("window.notReloaded = true")

        pay(platform, 12_345)

        row = page.get_by_role("row").filter(has_text="R$123.45")
        await expect(row).to_contain_text("Allowed", timeout=ARRIVES_MS)
        await expect(row).to_contain_text("Stripe")
        # Both appear after the row, independently.
        await expect(row).to_contain_text("Trust 52", use_inner_text=True, timeout=ARRIVES_MS)
        await expect(row).to_contain_text("Sent to Meta", timeout=ARRIVES_MS)
        assert await page.evaluate("window.notReloaded")


async def test_the_details_name_every_detector(platform: Embedded, browser: Browser) -> None:
    pay(platform, 23_456)
    async with visitor(browser) as (page, _):
        await sign_in(page, platform)
        await page.get_by_role("button", name="R$234.56, details").click(timeout=ARRIVES_MS)

        details = page.get_by_role("dialog", name="Decision")
        for detector in ("Velocity", "Amount anomaly", "Trust history"):
            await expect(details.get_by_text(detector, exact=True)).to_be_visible()
        await expect(details.get_by_text("Sent to Meta")).to_be_visible(timeout=ARRIVES_MS)
        await page.keyboard.press("Escape")
        await expect(details).to_be_hidden()
        await expect(page.get_by_role("button", name="R$234.56, details")).to_be_focused()


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
async def test_nothing_is_wider_than_the_screen(platform: Embedded, browser: Browser, viewport: ViewportSize) -> None:
    pay(platform, 99_999_999)
    async with visitor(browser, viewport) as (page, _):
        await page.goto(platform.api_url)
        await expect(page.get_by_role("heading", name="Sign in to Orylo")).to_be_visible()
        assert await overflow(page) <= 0
        await sign_in(page, platform)
        await page.get_by_role("button", name="R$999,999.99, details").first.click(timeout=ARRIVES_MS)
        await expect(page.get_by_text("Trust history", exact=True)).to_be_visible()
        assert await overflow(page) <= 0
        await page.get_by_role("button", name="Close").click()
        assert await overflow(page) <= 0


# The cells whose content is wider than their box, other than texts that end in an ellipsis on purpose.
CUT_CELLS = """[...document.querySelectorAll('tbody td')].filter((cell) => {
    const row = cell.parentElement.getBoundingClientRect(), box = cell.getBoundingClientRect();
    return cell.scrollWidth > cell.clientWidth + 1 || box.left < row.left - 1 || box.right > row.right + 1;
}).map((cell) => cell.textContent)"""


async def test_the_list_is_whole_at_every_width(platform: Embedded, browser: Browser) -> None:
    pay(platform, 88_888_888)
    async with visitor(browser) as (page, _):
        await sign_in(page, platform)
        await expect(page.get_by_role("row").filter(has_text="R$888,888.88")).to_be_visible()
        for width in (320, 375, 768, 1024, 1440, 1920):
            await page.set_viewport_size(ViewportSize(width=width, height=900))
            assert await overflow(page) <= 0, width
            assert await page.evaluate(CUT_CELLS) == [], width


async def test_rows_do_not_move_under_the_pointer(platform: Embedded, browser: Browser) -> None:
    pay(platform, 77_701)
    async with visitor(browser) as (page, _):
        await sign_in(page, platform)
        row = page.get_by_role("row").filter(has_text="R$777.01")
        await expect(row).to_be_visible()
        await expect(page.get_by_role("status", name="Live connection")).to_have_text("Live")
        await row.hover()
        before = await row.bounding_box()
        pay(platform, 77_702)
        button = page.get_by_role("button", name="1 new")
        await expect(button).to_be_visible()
        assert await row.bounding_box() == before

        await button.click()
        await expect(page.get_by_role("row").filter(has_text="R$777.02")).to_be_visible()


async def test_the_feed_resumes_after_the_platform_was_killed(platform: Embedded, browser: Browser) -> None:
    async with visitor(browser) as (page, _):
        await sign_in(page, platform)
        state = page.get_by_role("status", name="Live connection")
        await expect(state).to_have_text("Live")
        await page.evaluate("window.notReloaded = true")

        platform.kill()
        await expect(state).to_have_text("Reconnecting…")
        platform.start()
        pay(platform, 34_567)

        # It reconnects at growing intervals of at most 30 s.
        await expect(page.get_by_role("row").filter(has_text="R$345.67")).to_be_visible(timeout=60_000)
        await expect(state).to_have_text("Live")
        assert await page.evaluate("window.notReloaded")


async def test_wrong_passwords_are_reported_and_then_locked_out(platform: Embedded, browser: Browser) -> None:
    stranger = "stranger@shop.example"
    async with visitor(browser) as (page, _):
        await page.goto(platform.api_url)
        await page.get_by_label("Email").fill(stranger)
        await page.get_by_label("Password").fill("not the password")
        alert = page.get_by_role("alert")
        for _attempt in range(30):
            async with page.expect_response("**/auth/login") as answer:
                await page.get_by_role("button", name="Sign in").click()
            if (await answer.value).status == 429:
                break
            await expect(alert).to_have_text("The email address or password is incorrect.")
        await expect(alert).to_contain_text("Too many attempts. Try again in")


async def test_pages_load_only_from_this_host_and_without_console_errors(platform: Embedded, browser: Browser) -> None:
    async with visitor(browser) as (page, log):
        await sign_in(page, platform)
        await expect(page.get_by_role("heading", name="Overview")).to_be_visible()
        drawn: float = await page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        await page.get_by_role("link", name="API reference").click()
        await expect(page.get_by_text("/api/v1/auth/login", exact=True).first).to_be_visible()

        assert all(url.startswith((platform.api_url, "data:")) for url in log.urls), log.urls
        assert log.errors == []
        # Milliseconds from navigation to the first paint: normally a few hundred.
        assert drawn < 10_000
