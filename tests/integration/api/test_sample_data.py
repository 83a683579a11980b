"""Sample sales of a shop that has none of its own."""

from typing import Any

import pytest

from orylo_api.onboarding.sample_sales import SAMPLE_PAYMENT_IDS, SAMPLE_SALES
from orylo_common.control.models import Role
from orylo_common.ids import uuid7
from orylo_common.messages import PaymentSucceeded
from tests.integration.api.conftest import Api, make_shop
from tests.unit.api.builders import payment

pytestmark = pytest.mark.integration

PATH = "/api/v1/onboarding/sample-data"


async def test_sample_sales_are_shown_and_removed_again(api: Api) -> None:
    shop, other = [await make_shop(api.pool, f"loja-{uuid7().hex}") for _ in range(2)]
    client, stranger = api.client(shop.bearer), api.client(other.bearer)
    await api.project(payment(PaymentSucceeded, tenant_id=shop.tenant.id, payment_id="stripe:pi_own"))

    # The second request replaces the sales of the first.
    for _ in range(2):
        async with client.put(PATH) as response:
            assert response.status == 200, await response.text()
            assert (await response.json())["sales"] == len(SAMPLE_SALES)
    async with client.get("/api/v1/payments") as response:
        items = (await response.json())["items"]
    assert {item["id"] for item in items} == {"stripe:pi_own", *SAMPLE_PAYMENT_IDS}
    assert all(item["test"] for item in items if item["id"] in SAMPLE_PAYMENT_IDS)
    blocked = next(sale for sale in SAMPLE_SALES if sale.decision == "block")
    async with client.get("/api/v1/payments", params={"decision": "block"}) as response:
        assert [item["id"] for item in (await response.json())["items"]] == [blocked.payment_id]
    async with client.get(f"/api/v1/payments/{blocked.payment_id}") as response:
        assert response.status == 200, await response.text()
    async with client.get("/api/v1/onboarding") as response:
        sale = next(step for step in (await response.json())["steps"] if step["step"] == "sale")
        assert sale["payment_id"] == "stripe:pi_own"
    async with stranger.get(PATH) as response:
        assert (await response.json())["sales"] == 0
    async with stranger.delete(PATH) as response:
        assert response.status == 204

    # The stranger removed only its own.
    async with client.get(PATH) as response:
        assert (await response.json())["sales"] == len(SAMPLE_SALES)
    async with client.delete(PATH) as response:
        assert response.status == 204
    async with client.get("/api/v1/payments") as response:
        assert [item["id"] for item in (await response.json())["items"]] == ["stripe:pi_own"]
    async with client.get("/api/v1/detections") as response:
        assert not {item["payment_id"] for item in (await response.json())["items"]} & set(SAMPLE_PAYMENT_IDS)


async def test_sample_sales_are_in_no_figure(api: Api) -> None:
    shop = await make_shop(api.pool, f"loja-{uuid7().hex}")
    client = api.client(shop.bearer)

    async def figures() -> list[Any]:
        shown = []
        for path, part in (("overview", "last_24h"), ("attention", "items"), ("health/summary", "decisions")):
            async with client.get(f"/api/v1/{path}") as response:
                assert response.status == 200, await response.text()
                shown.append((await response.json())[part])
        return shown

    before = await figures()
    async with client.put(PATH) as response:
        assert response.status == 200
    assert await figures() == before


async def test_sample_sales_take_no_verdict(api: Api) -> None:
    shop = await make_shop(api.pool, f"loja-{uuid7().hex}")
    client = api.client(shop.bearer)
    async with client.put(PATH) as response:
        assert response.status == 200
    sale = SAMPLE_PAYMENT_IDS[0]
    async with client.post(f"/api/v1/payments/{sale}/verdict", json={"verdict": "fraud"}) as response:
        assert (response.status, (await response.json())["code"]) == (409, "sample_sale")
    async with client.get(f"/api/v1/payments/{sale}") as response:
        assert (await response.json())["verdict"] is None


async def test_a_sample_decision_has_the_time_of_its_sale(api: Api) -> None:
    shop = await make_shop(api.pool, f"loja-{uuid7().hex}")
    client = api.client(shop.bearer)
    async with client.put(PATH) as response:
        assert response.status == 200
    async with client.get("/api/v1/payments") as response:
        sold = {item["id"]: item["created_at"] for item in (await response.json())["items"]}
    async with client.get("/api/v1/detections") as response:
        decided = {item["payment_id"]: item["created_at"] for item in (await response.json())["items"]}
    assert decided == sold


async def test_an_analyst_cannot_add_sample_sales(api: Api) -> None:
    analyst = await api.user(api.a, Role.ANALYST, f"{uuid7().hex}@loja-a.example")
    async with api.client(analyst.bearer).put(PATH) as response:
        assert response.status == 403
