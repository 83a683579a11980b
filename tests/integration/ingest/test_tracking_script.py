"""The tracking script in a real browser, on pages of many kinds. A local server takes ingest's place."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import web
from playwright.async_api import Browser, BrowserContext, Page, Route

from orylo_ingest.tracking.script import TrackingScript
from tests.support.chromium import headless_chromium
from tests.support.eventually import eventually

pytestmark = pytest.mark.integration

SCRIPT = '<script src="/t.js" data-tenant="shop"></script>'
LINK = '<a id="buy" href="https://pay.hotmart.com/A1">buy</a>'


@dataclass
class Shop:
    """A server of pages and of the script, which records the reported visits."""

    url: str = ""
    pages: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    visits: list[dict[str, Any]] = field(default_factory=list)

    def kinds(self) -> list[str]:
        return [visit["kind"] for visit in self.visits]

    def paths(self) -> list[str]:
        """Return the paths and fragments of the page views."""
        views = (urlsplit(visit["url"]) for visit in self.visits if visit["kind"] == "pageview")
        return [view.path + (f"#{view.fragment}" if view.fragment else "") for view in views]

    async def page(self, request: web.Request) -> web.Response:
        html = self.pages.get(request.path, f"<!doctype html>{LINK}{SCRIPT}")
        return web.Response(text=html, content_type="text/html", headers=self.headers)

    async def script(self, _: web.Request) -> web.Response:
        text = TrackingScript.load().plain.decode()
        return web.Response(text=text, content_type="text/javascript")

    async def visit(self, request: web.Request) -> web.Response:
        self.visits.append(json.loads(await request.text()))
        return web.Response(status=202)


@asynccontextmanager
async def running_shop() -> AsyncIterator[Shop]:
    shop, app = Shop(), web.Application()
    app.router.add_get("/t.js", shop.script)
    app.router.add_post("/api/v1/track/shop", shop.visit)
    app.router.add_get("/{path:.*}", shop.page)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    shop.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield shop
    finally:
        await runner.cleanup()


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    async with running_shop() as shop:
        yield shop


@pytest.fixture(scope="module")
async def chromium() -> AsyncIterator[Browser]:
    async with headless_chromium() as browser:
        yield browser


@dataclass
class Visitor:
    page: Page
    context: BrowserContext
    # Addresses of checkouts that were opened.
    checkouts: list[str]
    errors: list[str]

    def parameters(self) -> dict[str, str]:
        """Return the query's parameters of the checkout that was opened last."""
        return {name: values[-1] for name, values in parse_qs(urlsplit(self.checkouts[-1]).query).items()}

    async def click_id(self) -> str:
        found: str = await self.page.evaluate("orylo.clickId()")
        return found


@pytest.fixture
async def visitor(chromium: Browser) -> AsyncIterator[Visitor]:
    context = await chromium.new_context()
    page = await context.new_page()
    visitor = Visitor(page, context, [], [])

    async def checkout(route: Route) -> None:
        visitor.checkouts.append(route.request.url)
        await route.fulfill(body="<title>checkout</title>", content_type="text/html")

    for host in ("hotmart.com", "stripe.com"):
        await context.route(f"https://*.{host}/**", checkout)
    await context.route("https://elsewhere.example/**", checkout)
    page.on("pageerror", lambda error: visitor.errors.append(str(error)))
    yield visitor
    assert visitor.errors == []
    await context.close()


async def reported(shop: Shop, *kinds: str) -> None:
    async def complete() -> bool:
        return len(shop.visits) >= len(kinds)

    await eventually(complete)
    # Long enough for a double to arrive.
    await asyncio.sleep(0.2)
    # Beacons may overtake each other.
    assert sorted(shop.kinds()) == sorted(kinds)


async def opened(visitor: Visitor, count: int = 1) -> None:
    async def complete() -> bool:
        return len(visitor.checkouts) >= count

    await eventually(complete)


THROWING = (
    "Object.defineProperty({0}, '{1}', "
    "{{get() {{ throw new Error('blocked'); }}, set() {{ throw new Error('blocked'); }}}});"
)

COOKIE = "document.cookie = '_orylo=' + encodeURIComponent(JSON.stringify({}));"


@pytest.mark.parametrize(
    "hostile",
    [
        THROWING.format("Document.prototype", "cookie"),
        THROWING.format("window", "localStorage") + THROWING.format("window", "sessionStorage"),
        "Object.defineProperty(window, 'crypto', {value: undefined});",
        "crypto.getRandomValues = () => { throw new Error('blocked'); };",
        "Navigator.prototype.sendBeacon = undefined;",
        "Navigator.prototype.sendBeacon = () => { throw new Error('blocked'); };",
        "Navigator.prototype.sendBeacon = () => false;",
        "Navigator.prototype.sendBeacon = window.fetch = undefined;",
        "Navigator.prototype.sendBeacon = undefined; window.fetch = () => { throw new Error('blocked'); };",
        "Array.from = () => { throw new Error('replaced'); };",
        "Object.prototype.inherited = () => 0; Array.prototype.inherited = 1;",
        "Object.freeze(history);",
        "document.cookie = '_orylo=' + encodeURIComponent(JSON.stringify({id: 'oc_' + 'a'.repeat(22)}));",
        "document.cookie = '_orylo=7';",
        COOKIE.format("{id: 'oc_' + 'a'.repeat(23), at: 1, from: {}}"),
        COOKIE.format("{id: 'oc_' + 'a'.repeat(22), at: 1.5, from: {}}"),
    ],
)
async def test_a_hostile_page_sees_no_error_and_is_tracked(shop: Shop, visitor: Visitor, hostile: str) -> None:
    await visitor.page.add_init_script(hostile)
    await visitor.page.goto(shop.url)

    await reported(shop, "pageview")
    click_id = await visitor.click_id()
    assert shop.visits[0]["click_id"] == click_id
    assert len(click_id) == 25
    assert isinstance(shop.visits[0]["clicked_at"], int)
    assert await visitor.page.evaluate("buy.href") == f"https://pay.hotmart.com/A1?xcod={click_id}"


async def test_a_page_whose_elements_shadow_globals_is_tracked(shop: Shop, visitor: Visitor) -> None:
    shop.pages["/"] = f'<!doctype html><img name="cookie"><div id="orylo"></div>{LINK}{SCRIPT}'
    await visitor.page.goto(shop.url)

    await reported(shop, "pageview")
    assert shop.visits[0]["click_id"] in await visitor.page.evaluate("buy.href")


@pytest.mark.parametrize("frame", ['src="/inner"', "srcdoc='{}'"])
async def test_a_sandboxed_frame_is_tracked(shop: Shop, visitor: Visitor, frame: str) -> None:
    inner = f"<!doctype html>{LINK}{SCRIPT}"
    shop.pages |= {"/": f'<iframe sandbox="allow-scripts" {frame.format(inner)}></iframe>', "/inner": inner}
    await visitor.page.goto(shop.url)
    await reported(shop, "pageview")

    inside = visitor.page.frames[1]
    click_id = await inside.evaluate("orylo.clickId()")
    assert shop.visits[0]["click_id"] == click_id
    assert await inside.evaluate("buy.href") == f"https://pay.hotmart.com/A1?xcod={click_id}"


async def test_a_policy_that_blocks_requests_leaves_the_links_decorated(shop: Shop, visitor: Visitor) -> None:
    shop.headers["Content-Security-Policy"] = "connect-src 'none'"
    await visitor.page.goto(shop.url)

    assert await visitor.click_id() in await visitor.page.evaluate("buy.href")
    await visitor.page.click("#buy")
    await opened(visitor)
    assert shop.visits == []


@pytest.mark.parametrize("text", ["ã" * 220, "🎓" * 110], ids=["accents", "emojis"])
async def test_a_visit_with_long_parameters_fits_into_its_cookie(shop: Shop, visitor: Visitor, text: str) -> None:
    query = "&".join(f"utm_{name}={text}" for name in ("source", "medium", "campaign", "content", "term"))
    await visitor.page.goto(f"{shop.url}/?{query}&fbclid={'f' * 300}")
    await visitor.page.goto(f"{shop.url}/next")
    await reported(shop, "pageview", "pageview")

    assert len({visit["click_id"] for visit in shop.visits}) == 1
    assert [visit["fbclid"] for visit in shop.visits] == ["f" * 300] * 2


async def test_the_functions_of_the_script_throw_nothing(shop: Shop, visitor: Visitor) -> None:
    await visitor.page.goto(shop.url)
    await visitor.page.evaluate(
        """() => {
            orylo.lead(); orylo.lead(null); orylo.lead(7); orylo.checkout(1);
            orylo.lead({get email() { throw new Error("the page's own"); }});
            orylo.consent(); orylo.consent(false); orylo.consent(true); orylo.clickId();
        }"""
    )
    await reported(shop, "pageview", "lead", "lead", "lead", "checkout", "pageview")


KINDS = {
    "an image map's area": (
        """<img usemap="#m" width="50" height="50" src="data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=">
        <map name="m"><area shape="rect" coords="0,0,50,50" href="https://pay.hotmart.com/A1"></map>""",
        "img",
    ),
    "an SVG link": ('<svg><a href="https://pay.hotmart.com/A1"><text y="20">buy</text></a></svg>', "text"),
    "an SVG link by xlink": (
        '<svg><a xlink:href="https://pay.hotmart.com/A1"><text y="20">buy</text></a></svg>',
        "text",
    ),
    "a link in a shadow root": (
        '<div><template shadowrootmode="open"><a href="https://pay.hotmart.com/A1">buy</a></template></div>',
        "a",
    ),
    "a link in nested shadow roots": (
        """<div><template shadowrootmode="open"><p><template shadowrootmode="open">
        <a href="https://pay.hotmart.com/A1"><b>buy</b></a></template></p></template></div>""",
        "b",
    ),
    "a form": ('<form action="https://pay.hotmart.com/A1"><button>buy</button></form>', "button"),
    "a form whose fields shadow its properties": (
        """<form action="https://pay.hotmart.com/A1"><input name="action"><input name="method">
        <button>buy</button></form>""",
        "button",
    ),
    "a button with an address of its own": (
        """<form action="/search" method="post">
        <button formaction="https://pay.hotmart.com/A1" formmethod="get">buy</button></form>""",
        "button",
    ),
    "a button outside its form": (
        '<form id="f"></form><button form="f" formaction="https://pay.hotmart.com/A1">buy</button>',
        "button",
    ),
    "a form in a shadow root": (
        """<div><template shadowrootmode="open"><form>
        <button formaction="https://pay.hotmart.com/A1">buy</button></form></template></div>""",
        "button",
    ),
    "a link behind a base address": (
        """<base href="https://pay.hotmart.com/"><script src="SHOP/t.js" data-tenant="shop"></script>
        <a href="A1">buy</a>""",
        "a",
    ),
}


@pytest.mark.parametrize("kind", KINDS)
async def test_every_way_to_a_checkout_carries_the_click(shop: Shop, visitor: Visitor, kind: str) -> None:
    html, target = KINDS[kind]
    html = html.replace("SHOP", shop.url)
    shop.pages["/"] = f"<!doctype html>{html}{'' if 't.js' in html else SCRIPT}"
    await visitor.page.goto(shop.url)
    click_id = await visitor.click_id()
    await visitor.page.click(target, force=True)
    await opened(visitor)

    assert visitor.checkouts[-1].startswith("https://pay.hotmart.com/A1?")
    assert visitor.parameters()["xcod"] == click_id
    await reported(shop, "pageview", "checkout")


async def test_links_added_or_changed_later_carry_the_click(shop: Shop, visitor: Visitor) -> None:
    shop.pages["/"] = f'<!doctype html><div id="place"></div><a id="changed" href="/about">buy</a>{SCRIPT}'
    await visitor.page.goto(shop.url)
    click_id = await visitor.click_id()
    await visitor.page.evaluate(
        """() => {
            changed.href = "https://pay.hotmart.com/A1";
            place.innerHTML = '<svg><a href="https://pay.hotmart.com/A2"></a></svg>'
                + '<form action="https://pay.hotmart.com/A3"></form><a href="https://:bad">x</a>'
                + '<map><area href="https://pay.hotmart.com/A4"></map>';
        }"""
    )
    await visitor.page.wait_for_function("document.querySelector('area').href.includes('oc_')")

    assert (await visitor.page.content()).count(click_id) == 4


@pytest.mark.parametrize(("modifiers", "button"), [(["Control"], "left"), ([], "middle")])
async def test_a_checkout_opened_in_another_tab_is_reported_once(
    shop: Shop, visitor: Visitor, modifiers: Any, button: Any
) -> None:
    await visitor.page.goto(shop.url)
    await visitor.page.evaluate(
        "for (const type of ['click', 'auxclick']) addEventListener(type, (event) => event.preventDefault())"
    )
    await visitor.page.click("#buy", modifiers=modifiers, button=button)

    await reported(shop, "pageview", "checkout")


async def test_the_context_menu_reports_no_checkout(shop: Shop, visitor: Visitor) -> None:
    await visitor.page.goto(shop.url)
    await visitor.page.click("#buy", button="right")

    await reported(shop, "pageview")


async def test_a_link_with_a_target_opens_the_decorated_checkout(shop: Shop, visitor: Visitor) -> None:
    shop.pages["/"] = f"<!doctype html>{LINK.replace('<a', '<a target=_blank')}{SCRIPT}"
    await visitor.page.goto(shop.url)
    await visitor.page.click("#buy")
    await opened(visitor)

    assert visitor.parameters()["xcod"] == await visitor.click_id()


async def test_fields_of_the_merchant_stay(shop: Shop, visitor: Visitor) -> None:
    fields = '<input name="xcod" value="bio"><input type="hidden" name="sck" value="">'
    shop.pages["/"] = (
        f'<!doctype html><form action="https://pay.hotmart.com/A1">{fields}<button>buy</button></form>'
        f'<form action="https://buy.stripe.com/A2"><input name="client_reference_id" value="7"></form>{SCRIPT}'
    )
    await visitor.page.goto(shop.url)
    click_id = await visitor.click_id()
    assert (await visitor.page.content()).count("oc_") == 1
    await visitor.page.click("button")
    await opened(visitor)

    assert visitor.parameters() == {"xcod": "bio", "sck": click_id}


async def test_only_checkouts_get_the_click(shop: Shop, visitor: Visitor) -> None:
    addresses = [
        "https://elsewhere.example/",
        "/about",
        "mailto:a@b.example",
        "https://pay.hotmart.com@elsewhere.example/",
    ]
    links = "".join(f'<a href="{address}">x</a><form action="{address}"></form>' for address in addresses)
    post = '<form method="post" action="https://pay.hotmart.com/A1"></form>'
    elsewhere = (
        '<form action="https://pay.hotmart.com/A1"><button formaction="https://elsewhere.example/">away</button></form>'
    )
    shop.pages["/"] = f"<!doctype html>{links}{post}{SCRIPT}"
    await visitor.page.goto(shop.url)
    assert "oc_" not in await visitor.page.content()

    shop.pages["/away"] = f"<!doctype html>{elsewhere}{SCRIPT}"
    await visitor.page.goto(f"{shop.url}/away")
    await visitor.page.click("button")
    await opened(visitor)
    assert visitor.checkouts == ["https://elsewhere.example/?"]


async def test_withdrawn_consent_removes_the_click_from_every_kind(shop: Shop, visitor: Visitor) -> None:
    shop.pages["/"] = "<!doctype html>" + "".join(html for html, _ in KINDS.values() if "t.js" not in html) + SCRIPT
    await visitor.page.goto(shop.url)
    inside = "[...document.querySelectorAll('div')].map((host) => host.shadowRoot.innerHTML).join('')"
    await visitor.page.evaluate("addEventListener('click', (event) => event.preventDefault())")
    for link in await visitor.page.locator("div a").all():
        await link.click()
    assert "oc_" in await visitor.page.content()
    assert "oc_" in await visitor.page.evaluate(inside)

    await visitor.page.evaluate("orylo.consent(false)")
    assert "oc_" not in await visitor.page.content()
    assert "oc_" not in await visitor.page.evaluate(inside)
    assert "data-orylo" not in await visitor.page.content()


async def test_the_pages_of_an_application_are_reported_once_each(shop: Shop, visitor: Visitor) -> None:
    await visitor.page.goto(f"{shop.url}/a")
    for step in (
        "history.pushState({}, '', '/b')",
        "history.replaceState({state: 1}, '', '/b')",
        "history.replaceState({}, '', '/b?tab=2')",
        "history.pushState({}, '', '/b#details')",
        "history.replaceState({}, '', '/c')",
        "location.hash = '#/route'",
        "location.hash = '#/route?tab=2'",
        "history.go(-2)",
        "history.pushState({}, '')",
    ):
        await visitor.page.evaluate(step)
        await asyncio.sleep(0.1)
    await reported(shop, *["pageview"] * 5)

    assert shop.paths() == ["/a", "/b", "/c", "/c#/route", "/c"]
    assert len({visit["click_id"] for visit in shop.visits}) == 1


async def test_an_application_sees_its_own_errors_and_results(shop: Shop, visitor: Visitor) -> None:
    await visitor.page.goto(shop.url)
    name = await visitor.page.evaluate(
        """() => {
            try { history.pushState(null, '', 'https://elsewhere.example/'); } catch (error) { return error.name; }
        }"""
    )

    assert name == "SecurityError"
    await reported(shop, "pageview")


async def test_nothing_of_an_application_is_reported_before_consent(shop: Shop, visitor: Visitor) -> None:
    shop.pages["/"] = f"<!doctype html>{LINK}{SCRIPT.replace('data-tenant', 'data-consent=wait data-tenant')}"
    await visitor.page.goto(shop.url)
    await visitor.page.evaluate("history.pushState({}, '', '/b'); history.pushState({}, '', '/c')")
    assert shop.visits == []
    await visitor.page.evaluate("orylo.consent(true)")

    await reported(shop, "pageview")
    assert shop.paths() == ["/c"]
    assert [visit["consent"] for visit in shop.visits] == [True]


async def test_consent_is_reported_only_where_the_page_asks_for_it(shop: Shop, visitor: Visitor) -> None:
    await visitor.page.goto(shop.url)
    await visitor.page.evaluate("orylo.checkout(); orylo.consent(true); orylo.checkout()")
    await visitor.page.evaluate("orylo.consent(false); orylo.checkout()")

    await reported(shop, "pageview", "checkout", "checkout")
    assert [visit.get("consent") for visit in shop.visits] == [None, None, True]


async def test_a_page_that_the_browser_had_kept_is_reported_again(shop: Shop, visitor: Visitor) -> None:
    await visitor.page.goto(f"{shop.url}/a")
    await reported(shop, "pageview")
    await visitor.page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")

    await reported(shop, "pageview", "pageview")


async def test_a_page_that_the_browser_had_kept_is_not_reported_after_consent_was_withdrawn_elsewhere(
    shop: Shop, visitor: Visitor
) -> None:
    await visitor.page.goto(f"{shop.url}/a")
    await reported(shop, "pageview")
    await visitor.page.evaluate("document.cookie = '_orylo=; Max-Age=0; Path=/'")
    await visitor.page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")

    await reported(shop, "pageview")
    assert await visitor.page.evaluate("[orylo.clickId(), buy.href.includes('oc_')]") == [None, False]


async def test_a_page_that_is_rendered_in_advance_is_reported_once_it_is_seen(shop: Shop, visitor: Visitor) -> None:
    await visitor.page.add_init_script("Object.defineProperty(document, 'prerendering', {value: true, writable: true})")
    await visitor.page.goto(shop.url)
    await visitor.page.evaluate("orylo.checkout()")
    assert shop.visits == []
    await visitor.page.evaluate(
        "document.prerendering = false; document.dispatchEvent(new Event('prerenderingchange'))"
    )

    await reported(shop, "pageview", "checkout")
    assert await visitor.click_id() in await visitor.page.evaluate("buy.href")


async def test_pages_are_reported_if_the_application_kept_its_own_push_state(shop: Shop, visitor: Visitor) -> None:
    keep = "<script>var push = history.pushState.bind(history)</script>"
    shop.pages["/a"] = f"<!doctype html>{keep}{LINK}{SCRIPT}"
    await visitor.page.goto(f"{shop.url}/a")
    await visitor.page.evaluate("push({}, '', '/b'); history.pushState({}, '', '/c')")
    await visitor.page.evaluate("history.pushState = History.prototype.pushState; history.pushState({}, '', '/d')")

    await reported(shop, *["pageview"] * 4)
    assert sorted(shop.paths()) == ["/a", "/b", "/c", "/d"]


@pytest.mark.parametrize(
    "script",
    [
        # As optimisers load it, twice, and as a module.
        """<script data-tenant="shop" src="/t.js" type="text/late"></script><script>
            fetch('/t.js').then((answer) => answer.text()).then((text) => { setTimeout(text); setTimeout(text); });
        </script>""",
        '<script src="/t.js" data-tenant="shop" type="module"></script>',
        SCRIPT + SCRIPT,
    ],
)
async def test_the_script_runs_once_however_it_is_loaded(shop: Shop, visitor: Visitor, script: str) -> None:
    shop.pages["/"] = f"<!doctype html>{LINK}{script}"
    await visitor.page.goto(shop.url)

    await reported(shop, "pageview")
    assert await visitor.click_id() in await visitor.page.evaluate("buy.href")
