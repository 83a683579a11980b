"""Users and API clients read their own tenant's data and nothing else."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from orylo_common.webhook_signing import HOTTOK_HEADER
from tests.support.embedded import Embedded
from tests.support.eventually import eventually
from tests.support.meta_process import MetaProcess
from tests.support.shops import AMOUNT_MINOR, PASSWORD, Shop, new_payment, open_shop, payment_id_of

pytestmark = pytest.mark.e2e

STREAM = "/api/v1/stream"
# What webhooks alone fill. tests/integration/api/test_isolation.py has every route.
FILLED = {
    "detections", "customers", "payments", "conversions", "destinations", "dead-letters", "rejections", "quarantine",
}  # fmt: skip
WITHOUT_IDS = {"/api/v1/auth/me", "/api/v1/account/second-factor", "/api/v1/overview"}


@dataclass(frozen=True)
class Route:
    path: str
    resource: str
    # Whether the path contains an id.
    one: bool


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stranger(orylo_up: Embedded, http: aiohttp.ClientSession) -> Shop:
    return await open_shop(orylo_up, http, "shop-of-a-stranger")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def routes(shop: Shop) -> list[Route]:
    """The lists of what webhooks fill, each item of them, and some routes without ids."""
    async with shop.http.get(f"{shop.platform.api_url}/api/openapi.json") as response:
        paths = (await response.json())["paths"]
    found = [path for path, methods in paths.items() if "get" in methods]
    assert STREAM in found
    assert len(found) > 10
    routes = [Route(path, path.split("/")[3], "{" in path) for path in found if path.startswith("/api/v1/")]
    return [
        route
        for route in routes
        if route.path in WITHOUT_IDS
        or (route.resource in FILLED and re.fullmatch(r"/api/v1/[a-z-]+(/\{id\})?", route.path))
    ]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def things(shop: Shop, meta: MetaProcess, routes: list[Route]) -> dict[str, str]:
    """For each resource, the id of one object that belongs to the shop."""
    undeliverable = new_payment()
    payment_id = payment_id_of(undeliverable)
    meta.misbehave(refuse_event_ids=[payment_id], dataset_id=shop.pixel_id)
    assert await shop.pay(native_id=undeliverable.native_id) == payment_id
    await shop.conversion(payment_id)
    token = {HOTTOK_HEADER: shop.secret}
    assert (await shop.send_webhook("hotmart", b'{"id":"1","event":"PURCHASE_SOMETHING_NEW"}', token)).status == 202
    assert (await shop.send_webhook("hotmart", b"{}", {})).status == 401

    things = {"payments": payment_id}
    for resource in FILLED - things.keys():
        things[resource] = await newest(shop, f"/api/v1/{resource}")
    return things


async def newest(shop: Shop, path: str) -> str:
    found: list[dict[str, Any]] = []

    async def is_listed() -> bool:
        found[:] = (await shop.read(path))["items"]
        return bool(found)

    await eventually(is_listed)
    return str(found[0]["id"])


async def test_a_user_signs_in_and_sees_a_sale(shop: Shop) -> None:
    async with shop.signed_in() as browser:

        async def read(path: str) -> Any:
            async with browser.get(path) as response:
                assert response.status == 200, await response.text()
                return await response.json()

        before = (await read("/api/v1/overview"))["last_24h"]["counts"]
        payment_id = await shop.pay()
        (detection,) = await shop.detections(payment_id, 1)
        assert (await shop.conversion(payment_id))["status"] == "dispatched"

        assert (await read("/api/v1/auth/me"))["tenant"]["slug"] == shop.slug
        assert detection in (await read("/api/v1/detections"))["items"]
        assert await read(f"/api/v1/detections/{detection['id']}") == detection
        assert (detection["decision"], detection["amount_minor"]) == ("allow", AMOUNT_MINOR)
        assert detection["event_id"] in {each["event_id"] for each in (await read("/api/v1/conversions"))["items"]}

        async def trusted() -> bool:
            customer = await read(f"/api/v1/customers/{detection['customer_id']}")
            return bool(customer["trust_score"] == 52) and {"payment", "detection", "trust"} == {
                entry["kind"] for entry in customer["history"]
            }

        async def added_up() -> bool:
            counts = (await read("/api/v1/overview"))["last_24h"]["counts"]
            return all(
                counts[name] == before[name] + 1
                for name in ("payments_succeeded", "detections_allow", "conversions_dispatched")
            )

        await eventually(trusted)
        await eventually(added_up)


async def test_a_wrong_password_is_rejected(shop: Shop) -> None:
    url = f"{shop.platform.api_url}/api/v1/auth/login"
    async with shop.http.post(url, json={"email": shop.email, "password": PASSWORD[:-1]}) as response:
        assert response.status == 401
        assert response.content_type == "application/problem+json"
        assert not response.cookies


@asynccontextmanager
async def listening(shop: Shop) -> AsyncIterator[aiohttp.StreamReader]:
    """Open the event stream in a signed-in session and skip its first event."""
    async with shop.signed_in() as browser, browser.get(STREAM) as stream:
        assert stream.status == 200
        assert stream.content_type == "text/event-stream"
        assert (await stream.content.readline()).startswith(b"id: ")
        yield stream.content


async def received(stream: aiohttp.StreamReader, until: set[str]) -> list[tuple[str, Any]]:
    """Read events until there is one of each of these kinds. Return them."""
    events: list[tuple[str, Any]] = []
    kind = ""
    async with asyncio.timeout(45):
        while not until <= {kind for kind, _ in events}:
            name, _, value = (await stream.readline()).decode().strip().partition(": ")
            if name == "event":
                kind = value
            elif name == "data" and kind != "ready":
                events.append((kind, json.loads(value)))
    return events


async def test_the_stream_reports_a_sale_live_and_nothing_of_other_tenants(shop: Shop, stranger: Shop) -> None:
    async with listening(shop) as stream:
        theirs = await stranger.pay()
        await stranger.conversion(theirs)
        ours = await shop.pay()

        events = await received(stream, {"detection.created", "trust.updated", "conversion.dispatched"})

    by_kind = dict(events)
    assert by_kind["detection.created"]["payment_id"] == ours
    assert by_kind["trust.updated"]["customer_id"] == by_kind["detection.created"]["customer_id"]
    assert by_kind["conversion.dispatched"]["payment_id"] == ours
    assert theirs not in json.dumps(events)


def addresses(routes: list[Route], things: dict[str, str]) -> Iterator[tuple[Route, str]]:
    for route in routes:
        yield route, route.path.replace("{id}", things[route.resource]) if route.one else route.path


async def test_every_route_shows_the_shop_what_it_has(shop: Shop, routes: list[Route], things: dict[str, str]) -> None:
    """Proves that the tests below would find data if isolation failed."""
    for route, path in addresses(routes, things):
        answer = await shop.get(path)
        # An API key has no account.
        assert answer.status == (409 if route.resource == "account" else 200), path
        if route.resource in things and not path.endswith("/merges"):
            assert things[route.resource] in json.dumps(answer.body), path


@pytest.mark.parametrize("way", ["session", "key"])
async def test_no_route_shows_another_tenants_data(
    shop: Shop, stranger: Shop, routes: list[Route], things: dict[str, str], way: str
) -> None:
    secrets = {*things.values(), shop.slug, shop.email, shop.pixel_id}
    async with stranger.signed_in() as browser:
        for route, path in addresses(routes, things):
            if way == "key":
                answer = await stranger.get(path)
                status, text = answer.status, json.dumps(answer.body)
            else:
                async with browser.get(path) as response:
                    status, text = response.status, await response.text()
            without_account = way == "key" and route.resource == "account"
            assert status == (409 if without_account else 404 if route.one else 200), path
            if not route.one:
                assert not [secret for secret in secrets if secret in text], path


async def test_every_route_requires_a_session_or_a_key(shop: Shop, routes: list[Route], things: dict[str, str]) -> None:
    paths = [path for _, path in addresses(routes, things)] + [STREAM]
    for path in paths:
        for headers in ({}, {"Authorization": "Bearer orylo_not-a-key"}, {"Cookie": "orylo_session=nobody"}):
            async with shop.http.get(shop.platform.api_url + path, headers=headers) as response:
                assert response.status == 401, path
                assert response.content_type == "application/problem+json"
