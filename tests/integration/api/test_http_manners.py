"""ETags and preconditions, idempotency keys, pages, content negotiation: the same on every route."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from orylo_api.http.route import Media, Route
from orylo_api.routes import ROUTES
from orylo_common.ids import uuid7
from tests.integration.api.conftest import Api, Shop, make_shop
from tests.unit.api.builders import detection

pytestmark = pytest.mark.integration

ENTRIES = "/api/v1/lists/entries"
ENTRY = {"list": "block", "type": "ip", "value": "203.0.113.0/24", "reason": "card testing"}
CHANGE = {"reason": "a proxy", "expires_at": None}
# A path value that each kind of id accepts or answers with 404.
NOTHING = "0195a3f2-6c1d-7b4e-9a57-3f1c2d8e4b60"


@pytest.fixture
async def shop(api: Api) -> Shop:
    return await make_shop(api.pool, f"loja-{uuid7().hex}")


@pytest.fixture
async def client(api: Api, shop: Shop) -> AsyncIterator[aiohttp.ClientSession]:
    client = api.client(shop.bearer)
    yield client
    await client.close()


async def ask(client: aiohttp.ClientSession, method: str, path: str, **given: Any) -> tuple[int, Any, Any]:
    async with client.request(method, path, **given) as response:
        body = await response.json(content_type=None) if response.status != 304 else None
        return response.status, body, response.headers


async def add_entry(client: aiohttp.ClientSession) -> tuple[str, str]:
    """Return the path of a new entry, and its ETag."""
    _, entry, _ = await ask(client, "POST", ENTRIES, json=ENTRY)
    path = f"{ENTRIES}/{entry['id']}"
    _, _, headers = await ask(client, "GET", path)
    return path, headers["ETag"]


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_a_change_of_an_outdated_copy_is_refused(client: aiohttp.ClientSession, method: str) -> None:
    path, etag = await add_entry(client)
    assert (await ask(client, "PUT", path, json=CHANGE, headers={"If-Match": etag}))[0] == 200

    body = {"json": CHANGE} if method == "PUT" else {}
    status, problem, _ = await ask(client, method, path, headers={"If-Match": etag}, **body)

    assert (status, problem["code"]) == (412, "precondition_failed")
    _, entry, headers = await ask(client, "GET", path)
    assert entry["reason"] == CHANGE["reason"]
    current = {"If-Match": f'"other", W/{headers["ETag"]}'}
    assert (await ask(client, method, path, headers=current, **body))[0] == 200


async def test_a_replacement_needs_the_etag_of_the_copy_that_it_replaces(client: aiohttp.ClientSession) -> None:
    path, _ = await add_entry(client)
    status, problem, _ = await ask(client, "PUT", path, json=CHANGE)
    assert (status, problem["code"]) == (428, "precondition_required")


async def test_of_two_changes_of_the_same_copy_one_takes_effect(client: aiohttp.ClientSession) -> None:
    path, etag = await add_entry(client)
    changes = [{"reason": f"reason {number}", "expires_at": None} for number in range(4)]
    answers = await asyncio.gather(
        *(ask(client, "PUT", path, json=change, headers={"If-Match": etag}) for change in changes)
    )
    assert sorted(status for status, _, _ in answers) == [200, 412, 412, 412]


async def test_any_state_matches_an_asterisk_but_nothing_matches_none(client: aiohttp.ClientSession) -> None:
    path, _ = await add_entry(client)
    assert (await ask(client, "PUT", path, json=CHANGE, headers={"If-Match": "*"}))[0] == 200
    assert (await ask(client, "PUT", f"{ENTRIES}/{NOTHING}", json=CHANGE, headers={"If-Match": "*"}))[0] == 404


async def test_another_tenants_resource_is_not_found_whatever_its_etag(api: Api, client: aiohttp.ClientSession) -> None:
    path, etag = await add_entry(client)
    stranger = api.client(api.b.bearer)
    assert (await ask(stranger, "PUT", path, json=CHANGE, headers={"If-Match": etag}))[0] == 404


async def test_pages_link_to_the_next_one_and_are_stable_under_inserts(
    api: Api, shop: Shop, client: aiohttp.ClientSession
) -> None:
    made = [detection(tenant_id=shop.tenant.id, customer_id="cus_paged") for _ in range(5)]
    await api.project(*made)
    seen: list[str] = []
    path = "/api/v1/detections?customer_id=cus_paged&limit=2"
    while path:
        _, page, headers = await ask(client, "GET", path)
        seen += [each["id"] for each in page["items"]]
        link = headers.get("Link")
        assert (link is None) == (page["next_cursor"] is None)
        if link is not None:
            assert link.endswith('>; rel="next"')
            assert page["next_cursor"] in link
            assert "customer_id=cus_paged" in link
        path = link.partition(">")[0].removeprefix("<") if link else ""
        # Newer ones do not move the pages.
        await api.project(detection(tenant_id=shop.tenant.id, customer_id="cus_paged"))
    assert sorted(seen) == sorted(str(each.detection_id) for each in made)


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/json", 200),
        ("text/html, application/*;q=0.5", 200),
        ("text/html, */*;q=0.1", 200),
        ("", 200),
        ("text/html", 406),
        ("application/json;q=0, */*", 406),
        ("application/json; q=0.0", 406),
        ("application/json;q=0.01", 200),
    ],
)
async def test_a_response_is_of_a_type_that_the_client_accepts(
    client: aiohttp.ClientSession, accept: str, status: int
) -> None:
    answer, body, headers = await ask(client, "GET", "/api/v1/lists", headers={"Accept": accept})
    assert answer == status
    if status == 406:
        assert body["code"] == "not_acceptable"
        assert headers["Content-Type"].startswith("application/problem+json")


async def test_a_key_used_for_another_body_is_refused(client: aiohttp.ClientSession) -> None:
    headers = {"Idempotency-Key": "entry-1"}
    first, entry, _ = await ask(client, "POST", ENTRIES, json=ENTRY, headers=headers)
    again, same, replayed = await ask(client, "POST", ENTRIES, json=ENTRY, headers=headers)
    other, problem, _ = await ask(client, "POST", ENTRIES, json={**ENTRY, "value": "203.0.113.9"}, headers=headers)
    assert (first, again, other) == (201, 201, 409)
    assert entry == same
    assert replayed["Idempotency-Replayed"] == "true"
    assert problem["code"] == "idempotency_key_reused"


@pytest.mark.parametrize("route", [route for route in ROUTES if route.method == "GET"], ids=lambda each: each.path)
async def test_every_response_says_how_it_may_be_cached(client: aiohttp.ClientSession, route: Route) -> None:
    async with client.head(route.path.replace("{id}", NOTHING)) as response:
        expected = {"no-store"}
        if response.status == 200 and (route.has_etag or route.path == "/api/openapi.json"):
            expected = {"private, no-cache", "no-cache"}
        assert response.headers["Cache-Control"] in expected
        if response.status == 200 and route.media is not Media.JSON:
            assert response.content_type == route.media.value


async def test_the_document_is_sent_once_and_compressed(client: aiohttp.ClientSession) -> None:
    _, document, headers = await ask(client, "GET", "/api/openapi.json")
    assert headers["Content-Encoding"] == "gzip"
    assert document["openapi"].startswith("3.1")
    again = await ask(client, "GET", "/api/openapi.json", headers={"If-None-Match": headers["ETag"]})
    assert again[:2] == (304, None)
