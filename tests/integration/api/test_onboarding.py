"""The first steps of a shop, and the check of a page's tracking script through the API."""

import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from orylo_common.control.models import Role
from orylo_common.ids import uuid7
from orylo_common.messages import ClickRecorded, ConversionDispatched, PaymentSucceeded
from orylo_common.messages.payments import Tracking
from tests.integration.api.conftest import Api, make_shop, running_api
from tests.support.servers import free_ports
from tests.unit.api.builders import NOON, conversion, payment

pytestmark = pytest.mark.integration


def click(tenant_id: Any, kind: str = "pageview", fbclid: str | None = None, **more: Any) -> ClickRecorded:
    message_id = uuid7()
    return ClickRecorded.model_validate(
        {
            "message_id": message_id,
            "correlation_id": message_id,
            "tenant_id": tenant_id,
            "occurred_at": NOON,
            "click_id": str(message_id),
            "kind": kind,
            "tracking": Tracking(fbclid=fbclid),
            **more,
        }
    )


async def done_steps(client: aiohttp.ClientSession) -> list[str]:
    async with client.get("/api/v1/onboarding") as response:
        assert response.status == 200, await response.text()
        return [step["step"] for step in (await response.json())["steps"] if step["done"]]


async def test_facts_tick_the_steps_of_their_tenant(api: Api) -> None:
    shop, other = [await make_shop(api.pool, f"loja-{uuid7().hex}") for _ in range(2)]
    client, stranger = api.client(shop.bearer), api.client(other.bearer)
    tenant_id = shop.tenant.id
    assert await done_steps(client) == []
    await api.project(payment(PaymentSucceeded, tenant_id=tenant_id, payment_id="stripe:pi_sample_1", test=True))
    assert await done_steps(client) == []
    await api.project(payment(PaymentSucceeded, tenant_id=tenant_id, payment_id="stripe:pi_test", test=True))
    assert await done_steps(client) == ["gateway"]
    await api.project(payment(PaymentSucceeded, tenant_id=tenant_id, payment_id="stripe:pi_sale"))
    assert await done_steps(client) == ["gateway", "sale"]
    await api.project(conversion(ConversionDispatched, tenant_id=tenant_id, payment_id="stripe:pi_sale"))
    await api.project(click(tenant_id))
    assert await done_steps(client) == ["gateway", "sale", "meta", "tracking"]
    await api.user(shop, Role.ANALYST, f"{uuid7().hex}@loja.example")
    await api.pool.execute("UPDATE control.users SET totp_secret_encrypted = 'x' WHERE tenant_id = $1", tenant_id)
    assert await done_steps(client) == ["gateway", "sale", "meta", "tracking", "team"]
    assert await done_steps(stranger) == []


async def test_each_caller_skips_steps_for_itself(api: Api) -> None:
    viewer = await api.user(api.a, Role.VIEWER, f"{uuid7().hex}@loja-a.example")
    one, two = api.client(viewer.bearer), api.client(api.a.bearer)
    body = {"dismissed": True, "skipped": ["tracking"]}
    async with one.put("/api/v1/onboarding", json=body) as response:
        assert response.status == 200
        saved = await response.json()
    async with one.get("/api/v1/onboarding") as response:
        assert await response.json() == saved
    assert saved["dismissed"]
    assert [step["step"] for step in saved["steps"] if step["skipped"]] == ["tracking"]
    async with two.get("/api/v1/onboarding") as response:
        assert not (await response.json())["dismissed"]


async def test_visits_are_counted_once_by_day(api: Api) -> None:
    shop = await make_shop(api.pool, f"loja-{uuid7().hex}")
    tenant_id = shop.tenant.id
    messages = [
        click(tenant_id),
        click(tenant_id, fbclid="IwAR"),
        click(tenant_id, "checkout", fbclid="IwAR"),
        click(tenant_id, "lead"),
    ]
    await api.project(*messages[:2])
    await api.project(*messages, *messages)
    api.clock.ahead += NOON - api.clock.now()
    async with api.client(shop.bearer).get("/api/v1/tracking/stats", params={"days": 7}) as response:
        stats = await response.json()
    counted = {name: stats[name] for name in ("visits", "with_click_id", "checkouts", "leads")}
    assert counted == {"visits": 3, "with_click_id": 2, "checkouts": 1, "leads": 1}
    assert [day["day"] for day in stats["days"]] == [NOON.date().isoformat()]


async def test_visits_are_counted_by_consent_for_each_day_and_the_whole_range(api: Api) -> None:
    shop, other = [await make_shop(api.pool, f"loja-{uuid7().hex}") for _ in range(2)]
    before: dict[str, Any] = {"occurred_at": NOON - timedelta(days=1)}
    messages = [
        click(shop.tenant.id, consent=True, **before),
        click(shop.tenant.id, **before),
        click(shop.tenant.id, consent=True),
        click(shop.tenant.id, "checkout", consent=False),
        # A lead is not a visit.
        click(shop.tenant.id, "lead", consent=True),
        click(shop.tenant.id, consent=False, occurred_at=NOON - timedelta(days=30)),
    ]
    await api.project(*messages[:4])
    await api.project(*messages, *messages)
    api.clock.ahead += NOON - api.clock.now()
    async with api.client(shop.bearer).get("/api/v1/tracking/stats", params={"days": 7}) as response:
        stats = await response.json()
    async with api.client(other.bearer).get("/api/v1/tracking/stats", params={"days": 7}) as response:
        nothing = await response.json()

    shares = {"given_share": 0.5, "refused_share": 0.25, "unknown_share": 0.25}
    assert stats["consent"] == {"given": 2, "refused": 1, "unknown": 1, **shares}
    days = [{name: day["consent"][name] for name in ("given", "refused", "unknown")} for day in stats["days"]]
    assert days == [{"given": 1, "refused": 0, "unknown": 1}, {"given": 1, "refused": 1, "unknown": 0}]
    assert nothing["consent"] == {"given": 0, "refused": 0, "unknown": 0, **dict.fromkeys(shares)}


@asynccontextmanager
async def running_site(**pages: Any) -> AsyncIterator[str]:
    (port,) = free_ports(1)
    app = web.Application()
    for name, handler in pages.items():
        app.router.add_get(f"/{name}", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


def page(text: str, **headers: str) -> Any:
    async def handle(request: web.Request) -> web.Response:
        return web.Response(text=text, content_type="text/html", headers=headers)

    return handle


def redirect(location: str) -> Any:
    async def handle(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": location})

    return handle


async def bomb(request: web.Request) -> web.Response:
    body = gzip.compress(b"<p>" + b" " * 50_000_000)
    return web.Response(body=body, headers={"Content-Encoding": "gzip", "Content-Type": "text/html"})


async def check(client: aiohttp.ClientSession, url: str) -> tuple[int, dict[str, Any]]:
    async with client.post("/api/v1/tracking/check", json={"url": url}) as response:
        return response.status, await response.json()


async def test_a_page_is_fetched_and_checked(api: Api, postgres_dsn: str) -> None:
    script = f'<script src="https://hooks.example.com/t.js" data-tenant="{api.a.tenant.slug}"></script>'
    settings = {"webhook_base_url": "https://hooks.example.com", "api_checks_loopback_pages": True}
    pages = {
        "good": page(script),
        "moved": redirect("/good"),
        "loop": redirect("/loop"),
        "away": redirect("http://169.254.169.254/latest/meta-data/"),
        "bomb": bomb,
    }
    async with (
        running_site(**pages) as site,
        running_api(postgres_dsn, master_key=api.master_key, **settings) as (url, _, _),
        aiohttp.ClientSession(url, headers=api.a.bearer) as client,
    ):
        status, found = await check(client, f"{site}/moved")
        assert (status, found["found"], found["problems"]) == (200, True, [])
        assert found["url"] == f"{site}/good"
        for name, code in (("missing", "page_unavailable"), ("loop", "page_unavailable"), ("bomb", "script_missing")):
            _, found = await check(client, f"{site}/{name}")
            assert [problem["code"] for problem in found["problems"]] == [code], name
        status, problem = await check(client, f"{site}/away")
        assert (status, problem["errors"][0]["field"]) == (422, "body.url")
        # Without the demo's setting, this machine is a private network.
        status, problem = await check(api.client(api.a.bearer), f"{site}/good")
        assert (status, problem["errors"][0]["field"]) == (422, "body.url")


async def test_only_those_who_configure_the_shop_let_the_server_fetch_pages(api: Api) -> None:
    viewer = await api.user(api.a, Role.VIEWER, f"{uuid7().hex}@loja-a.example")
    assert (await check(api.client(viewer.bearer), "https://shop.example/"))[0] == 403
    for url in ("javascript:alert(1)", "file:///etc/passwd", "https://", "http://[", "x" * 3000):
        assert (await check(api.client(api.a.bearer), url))[0] == 422, url
