"""The tracking script in a real browser: from the click on an advertisement to the sale attributed to it."""

import asyncio
import hashlib
import hmac
import json
import threading
from collections.abc import AsyncIterator, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import asyncpg
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from tests.support.chromium import headless_chromium
from tests.support.embedded import Embedded
from tests.support.eventually import eventually
from tests.support.shops import count

pytestmark = pytest.mark.e2e

EXAMPLE = Path(__file__).parents[2] / "examples" / "shop" / "index.html"
TENANT, SECRET = "tracked-shop", "kiwify-token-of-this-test"
FBCLID = "IwAR0-click_of-this-TEST"


@pytest.fixture(scope="module")
def page_url(orylo_up: Embedded, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The example shop, with the script of the platform under test."""
    folder = tmp_path_factory.mktemp("shop")
    page = EXAMPLE.read_text().replace("http://127.0.0.1:8080", orylo_up.ingest_url).replace("demo", TENANT)
    (folder / "index.html").write_text(page)
    (folder / "waiting.html").write_text(page.replace("<script async", '<script data-consent="wait" async'))
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    orylo_up.orylo("tenant", "create", TENANT)
    orylo_up.orylo("gateway", "set", TENANT, "kiwify", "--secret-stdin", text=SECRET)
    orylo_up.orylo("destination", "add", TENANT, "meta", "--pixel-id", "5550001", "--token-stdin", text="EAAtracked")
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with headless_chromium() as browser:
        yield browser


async def opened(browser: Browser, url: str, *, script: str = "") -> Page:
    context = await browser.new_context()
    page = await context.new_page()
    if script:
        await page.add_init_script(script)
    await page.goto(url)
    await page.wait_for_function("window.orylo !== undefined")
    return page


async def parameters(page: Page, link: str) -> dict[str, str]:
    href = await page.locator(f"#{link}").get_attribute("href")
    return {name: values[0] for name, values in parse_qs(urlsplit(href or "").query).items()}


async def clicks(platform: Embedded) -> list[dict[str, Any]]:
    connection = await asyncpg.connect(platform.dsn)
    rows = await connection.fetch(
        "SELECT c.* FROM dispatch.clicks c JOIN control.tenants t ON t.id = c.tenant_id WHERE t.slug = $1", TENANT
    )
    await connection.close()
    return [dict(row) for row in rows]


def kiwify_order(order_id: str, s1: str) -> bytes:
    order = {
        "order_id": order_id,
        "order_ref": "aB3dE5f",
        "order_status": "paid",
        "payment_method": "pix",
        "webhook_event_type": "order_approved",
        "Product": {"product_id": "p-1", "product_name": "Curso", "product_offer_id": "o-1"},
        "Customer": {"full_name": "Bia Lima", "email": "bia.lima@example.com", "mobile": "+5511987650009"},
        "Commissions": {"charge_amount": 14700, "product_base_price_currency": "BRL"},
        "TrackingParameters": {"src": "ig_bio", "s1": s1},
    }
    return json.dumps(order).encode()


async def test_every_checkout_link_carries_the_click_and_keeps_the_merchants_parameters(
    browser: Browser, page_url: str
) -> None:
    page = await opened(browser, f"{page_url}?fbclid={FBCLID}")
    click_id = await page.evaluate("orylo.clickId()")

    assert (await parameters(page, "hotmart")) == {"off": "ofr1exmp", "xcod": click_id}
    assert (await parameters(page, "kiwify")) == {"src": "ig_bio", "s1": click_id}
    assert (await parameters(page, "perfectpay")) == {"utm_term": click_id}
    assert (await parameters(page, "stripe")) == {"client_reference_id": click_id}
    assert (await parameters(page, "elsewhere")) == {}

    await page.locator("#more").click()
    await page.wait_for_function("document.querySelector('#later').href.includes('oc_')")
    assert (await parameters(page, "later")) == {"xcod": "newsletter", "sck": click_id}


async def test_the_same_visit_keeps_its_click_and_another_advertisement_makes_another(
    browser: Browser, page_url: str
) -> None:
    page = await opened(browser, f"{page_url}?fbclid=first")
    first = await page.evaluate("orylo.clickId()")
    await page.goto(page_url)
    await page.wait_for_function("window.orylo !== undefined")
    again = await page.evaluate("orylo.clickId()")
    await page.goto(f"{page_url}?fbclid=second")
    await page.wait_for_function("window.orylo !== undefined")

    assert again == first
    assert await page.evaluate("orylo.clickId()") != first


async def test_a_sale_is_attributed_to_the_click_and_sent_with_the_visitors_browser_data(
    browser: Browser, page_url: str, orylo_up: Embedded, http: aiohttp.ClientSession
) -> None:
    page = await opened(browser, f"{page_url}?fbclid={FBCLID}&utm_source=facebook")
    s1 = (await parameters(page, "kiwify"))["s1"]

    async def recorded() -> bool:
        return any(click["click_id"] == s1 and click["fbc"] for click in await clicks(orylo_up))

    await eventually(recorded)
    body = kiwify_order("order-tracked-1", s1)
    signature = hmac.new(SECRET.encode(), body, hashlib.sha1).hexdigest()
    url = f"{orylo_up.ingest_url}/api/v1/webhooks/kiwify/{TENANT}?signature={signature}"
    async with http.post(url, data=body) as response:
        assert response.status == 202, await response.text()

    async def delivery() -> asyncpg.Record | None:
        connection = await asyncpg.connect(orylo_up.dsn)
        row = await connection.fetchrow(
            "SELECT state, match_method, match_confidence, click_id, conversion::text FROM dispatch.deliveries "
            "WHERE payment_id = 'kiwify:order-tracked-1'"
        )
        await connection.close()
        return row

    async def dispatched() -> bool:
        row = await delivery()
        return row is not None and row["state"] == "dispatched"

    await eventually(dispatched)
    row = await delivery()
    assert row is not None
    assert (row["match_method"], row["match_confidence"], row["click_id"]) == ("click_id", 1.0, s1)
    conversion = json.loads(row["conversion"])
    assert conversion["fbc"].endswith(FBCLID)
    assert "Chrome" in conversion["user_agent"]


# Records what the page sends by beacon.
BEACONS = """
    window.beacons = [];
    const send = navigator.sendBeacon.bind(navigator);
    navigator.sendBeacon = (url, blob) => {
        blob.text().then((text) => window.beacons.push(text));
        return send(url, blob);
    };
"""


async def kinds(page: Page) -> list[str]:
    return [json.loads(text)["kind"] for text in await page.evaluate("window.beacons")]


async def test_a_checkout_is_sent_by_beacon_and_counted(browser: Browser, page_url: str, orylo_up: Embedded) -> None:
    page = await opened(browser, page_url, script=BEACONS)
    click_id = await page.evaluate("orylo.clickId()")
    await page.evaluate(
        "document.querySelector('#kiwify').addEventListener('click', (event) => event.preventDefault())"
    )
    await page.locator("#kiwify").click()
    await page.wait_for_function("window.beacons.length === 2")
    assert await kinds(page) == ["pageview", "checkout"]

    async def is_counted() -> bool:
        return await checkouts(orylo_up) > 0

    await eventually(is_counted)
    assert any(click["click_id"] == click_id for click in await clicks(orylo_up))


async def checkouts(platform: Embedded) -> int:
    return await count(
        platform,
        "SELECT coalesce(sum(checkouts), 0) FROM api.rollups r JOIN control.tenants t ON t.id = r.tenant_id "
        "WHERE t.slug = $1 AND grain = 'hour'",
        TENANT,
    )


async def test_nothing_is_stored_or_sent_before_consent_and_everything_after(browser: Browser, page_url: str) -> None:
    page = await opened(browser, f"{page_url}waiting.html?fbclid=waits", script=BEACONS)
    await page.evaluate("orylo.lead({email: 'someone@example.com'})")
    assert await page.evaluate("[orylo.clickId(), document.cookie, window.beacons.length]") == [None, "", 0]
    assert (await parameters(page, "stripe")) == {}

    await page.evaluate("orylo.consent(true)")
    await page.wait_for_function("window.beacons.length === 2")
    assert await kinds(page) == ["pageview", "lead"]
    assert (await parameters(page, "stripe")) == {"client_reference_id": await page.evaluate("orylo.clickId()")}
    assert "_orylo" in await page.evaluate("document.cookie")


async def test_withdrawn_consent_ends_and_deletes_the_visit(browser: Browser, page_url: str) -> None:
    page = await opened(browser, f"{page_url}?fbclid=forgotten", script=BEACONS)
    await page.locator("#more").click()
    await page.wait_for_function("document.querySelector('#later').href.includes('oc_') && window.beacons.length === 1")
    click_id = await page.evaluate("orylo.clickId()")

    await page.evaluate("orylo.consent(false)")
    assert await page.evaluate("[orylo.clickId(), document.cookie]") == [None, ""]
    for link, left in (("hotmart", {"off": "ofr1exmp"}), ("kiwify", {"src": "ig_bio"}), ("stripe", {})):
        assert (await parameters(page, link)) == left
    assert (await parameters(page, "later")) == {"xcod": "newsletter"}
    await page.evaluate("orylo.lead({email: 'nobody@example.com'}); orylo.checkout()")
    await page.locator("#more").click()
    await page.evaluate(
        "document.querySelector('#stripe').addEventListener('click', (event) => event.preventDefault())"
    )
    await page.locator("#stripe").click()
    await asyncio.sleep(0.2)
    assert await kinds(page) == ["pageview"]
    assert "oc_" not in await page.content()

    await page.evaluate("orylo.consent(true)")
    await page.wait_for_function("window.beacons.length === 2")
    assert await kinds(page) == ["pageview", "pageview"]
    assert await page.evaluate("orylo.clickId()") not in (None, click_id)


async def test_malformed_cookies_do_no_harm(browser: Browser, page_url: str) -> None:
    script = BEACONS + "document.cookie = '_fbp=%E0%A4%A'; document.cookie = '_fbc=%'; document.cookie = '_orylo=%7B%';"
    page = await opened(browser, page_url, script=script)
    await page.wait_for_function("window.beacons.length === 1")
    assert (await parameters(page, "stripe")) == {"client_reference_id": await page.evaluate("orylo.clickId()")}


async def test_a_lead_is_stored_as_hashes_only(browser: Browser, page_url: str, orylo_up: Embedded) -> None:
    page = await opened(browser, page_url)
    click_id = await page.evaluate("orylo.clickId()")
    await page.get_by_label("Email").fill("Lead.Person@Example.com")
    await page.get_by_role("button", name="Send me the free lesson").click()
    expected = hashlib.sha256(b"lead.person@example.com").hexdigest()

    async def known() -> bool:
        return any(click["click_id"] == click_id and click["email"] == expected for click in await clicks(orylo_up))

    await eventually(known)


async def all_visits_are_processed(platform: Embedded) -> bool:
    """Return whether the visits so far have been processed."""
    waiting = "SELECT (SELECT count(*) FROM ingest.outbox) + (SELECT count(*) FROM bus.deliveries)"
    return await count(platform, waiting) == 0


@pytest.mark.parametrize(
    "refusal",
    ["Object.defineProperty(navigator, 'globalPrivacyControl', {get: () => true});"],
    ids=["Global Privacy Control"],
)
async def test_a_visitor_who_objects_is_not_tracked(
    browser: Browser, page_url: str, orylo_up: Embedded, refusal: str
) -> None:
    email = "objects@example.com"
    page = await opened(browser, f"{page_url}?fbclid=objects", script=refusal)
    await page.evaluate(f"orylo.lead({{email: '{email}'}})")
    await asyncio.sleep(0.5)

    assert await page.evaluate("orylo.clickId()") is None
    assert (await parameters(page, "stripe")) == {}
    assert await page.evaluate("document.cookie") == ""
    await eventually(lambda: all_visits_are_processed(orylo_up))
    stored = {(click["fbclid"], click["email"]) for click in await clicks(orylo_up)}
    assert not {"objects", hashlib.sha256(email.encode()).hexdigest()} & {value for click in stored for value in click}
