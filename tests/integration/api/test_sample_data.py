"""Sample sales of a shop that has none of its own."""

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


async def test_sample_sales_are_in_no_sum(api: Api) -> None:
    shop = await make_shop(api.pool, f"loja-{uuid7().hex}")
    client = api.client(shop.bearer)
    async with client.get("/api/v1/overview") as response:
        before = (await response.json())["last_24h"]
    async with client.put(PATH) as response:
        assert response.status == 200
    async with client.get("/api/v1/overview") as response:
        assert (await response.json())["last_24h"] == before


async def test_an_analyst_cannot_add_sample_sales(api: Api) -> None:
    analyst = await api.user(api.a, Role.ANALYST, f"{uuid7().hex}@loja-a.example")
    async with api.client(analyst.bearer).put(PATH) as response:
        assert response.status == 403
