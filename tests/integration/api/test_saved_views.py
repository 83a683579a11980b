"""Saved views: whose they are, and who may change them."""

from typing import Any

import aiohttp
import pytest

from orylo_common.control.models import Role
from orylo_common.ids import uuid7
from tests.integration.api.conftest import Api
from tests.integration.api.test_customer_scores import post
from tests.integration.api.test_endpoints import get

pytestmark = pytest.mark.integration

VIEW: dict[str, Any] = {"page": "review", "name": "Hotmart", "query": {"gateway": "hotmart", "range": "7d"}}


@pytest.fixture
async def ana(api: Api) -> aiohttp.ClientSession:
    return api.client((await api.user(api.a, Role.ANALYST, f"ana-{uuid7().hex}@a.example")).bearer)


@pytest.fixture
async def viewer(api: Api) -> aiohttp.ClientSession:
    return api.client((await api.user(api.a, Role.VIEWER, f"viewer-{uuid7().hex}@a.example")).bearer)


async def names(client: aiohttp.ClientSession, page: str = "review") -> list[str]:
    return [each["name"] for each in (await get(client, f"/api/v1/views?page={page}"))["items"]]


async def test_views_are_ones_own_or_the_shops(
    api: Api, ana: aiohttp.ClientSession, viewer: aiohttp.ClientSession
) -> None:
    status, own = await post(viewer, "/api/v1/views", VIEW)
    assert (status, own["shared"], own["saved_by"][:7]) == (201, False, "viewer-")
    assert (await post(viewer, "/api/v1/views", VIEW | {"name": "HOTMART"}))[1]["code"] == "name_taken"
    assert (await post(viewer, "/api/v1/views", VIEW | {"shared": True}))[0] == 403
    status, shared = await post(ana, "/api/v1/views", VIEW | {"shared": True, "name": "Shared"})
    assert status == 201

    assert await names(ana) == ["Shared"]
    assert await names(viewer) == ["Shared", "Hotmart"]
    assert (await ana.get(f"/api/v1/views/{own['id']}")).status == 404
    async with viewer.put(f"/api/v1/views/{own['id']}", json=VIEW | {"query": {}}) as response:
        assert (response.status, (await response.json())["query"]) == (200, {})
    for client, view, expected in ((viewer, shared, 403), (ana, own, 404), (ana, shared, 204), (viewer, own, 204)):
        assert (await client.delete(f"/api/v1/views/{view['id']}")).status == expected
    assert await names(viewer) == []


async def test_views_that_come_with_orylo_cannot_be_changed(api: Api, ana: aiohttp.ClientSession) -> None:
    assert await names(ana, "payments") == ["all", "to_review", "blocked_but_paid", "not_reaching_meta"]
    (first, *_) = (await get(ana, "/api/v1/views?page=payments"))["items"]
    path = f"/api/v1/views/{first['id']}"
    assert (await get(ana, path))["delivered"] is True
    for response in (await ana.delete(path), await ana.put(path, json=VIEW)):
        assert (response.status, (await response.json())["code"]) == (403, "delivered_view")


async def test_a_query_holds_only_the_pages_filters(ana: aiohttp.ClientSession) -> None:
    for query in ({"email": "x"}, {"gateway": "ana@example.com"}, {"q": "ana"}, {f"x{n}": "y" for n in range(31)}):
        status, problem = await post(ana, "/api/v1/views", VIEW | {"query": query})
        assert status == 422
        assert "ana@example.com" not in str(problem)
    assert await names(ana) == []


async def test_views_are_bounded(ana: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orylo_api.views.queries.MAX_VIEWS", 0)
    assert (await post(ana, "/api/v1/views", VIEW))[1]["code"] == "too_many_views"
