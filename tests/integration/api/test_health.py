"""The health of a shop for its owner, and of the whole platform for operators."""

from typing import Any

import aiohttp
import pytest

from orylo_api.webhooks.ingest_client import IngestClient
from orylo_common.control import Keyring
from orylo_common.control.destinations import add_destination
from orylo_common.control.gateways import GatewayConfig, set_gateway_with_secret
from orylo_common.control.models import Role
from orylo_common.errors import TransientError
from orylo_common.ids import uuid7
from orylo_common.messages import ConversionFailed, DestinationStatus, DetectorResult
from tests.integration.api.conftest import Api, Shop, make_shop
from tests.support.actors import ACTOR
from tests.unit.api.builders import conversion, destination_changed, detection

pytestmark = pytest.mark.integration


@pytest.fixture
async def shop(api: Api) -> Shop:
    return await make_shop(api.pool, f"loja-{uuid7().hex}")


async def get(client: aiohttp.ClientSession, path: str) -> Any:
    async with client.get(f"/api/v1/{path}") as response:
        assert response.status == 200, await response.text()
        return await response.json()


async def test_a_new_shop_is_healthy(api: Api, shop: Shop) -> None:
    summary = await get(api.client(shop.bearer), "health/summary")
    parts = ("gateways", "decisions", "destinations", "dead_letters", "projection")
    assert {summary[part]["status"] for part in parts} | {summary["status"]} == {"ok"}
    assert (summary["decisions"]["p95_ms"], summary["decisions"]["measured"]) == (None, 0)
    assert summary["gateways"]["items"] == summary["destinations"]["items"] == []


async def test_each_part_says_what_is_wrong(api: Api, shop: Shop) -> None:
    tenant_id, keyring = shop.tenant.id, Keyring.parse(api.master_key)
    async with api.pool.acquire() as connection, connection.transaction():
        destination_id = await add_destination(
            connection, keyring, tenant_id, "meta", name="pixel", config={"pixel_id": "1"}, secret="t", actor=ACTOR
        )
        await set_gateway_with_secret(
            connection, keyring, tenant_id, "stripe", GatewayConfig(), label="a", secret="whsec_1", actor=ACTOR
        )
    held = destination_changed(tenant_id=tenant_id, destination_id=destination_id, status=DestinationStatus.ON_HOLD)
    results = tuple(DetectorResult(name=name, score=0, duration_us=us) for name, us in (("a", 1500), ("b", 500)))
    decided = [
        detection(tenant_id=tenant_id, detection_id=uuid7(), payment_id=f"stripe:pi_{number}", detectors=results)
        for number in range(3)
    ]
    await api.project(held, *decided, conversion(ConversionFailed, tenant_id=tenant_id, payment_id="stripe:pi_0"))
    summary = await get(api.client(shop.bearer), "health/summary")
    assert (summary["status"], summary["destinations"]["status"]) == ("failed", "failed")
    assert summary["destinations"]["detail"] == "pixel refuses its token or configuration; its conversions wait."
    assert (summary["dead_letters"]["status"], summary["dead_letters"]["open"]) == ("failed", 1)
    assert (summary["decisions"]["p95_ms"], summary["decisions"]["measured"]) == (2.0, 3)
    assert [(each["gateway"], each["status"]) for each in summary["gateways"]["items"]] == [("stripe", "ok")]

    other = await get(api.client(api.a.bearer), "health/summary")
    assert "pixel" not in str(other)


async def test_a_service_that_is_away_leaves_only_its_part_open(
    api: Api, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise TransientError("the service ingest cannot be reached")

    monkeypatch.setattr(IngestClient, "read_activity", away)
    summary = await get(api.client(shop.bearer), "health/summary")
    assert (summary["gateways"]["status"], summary["status"]) == ("missing", "missing")
    assert summary["destinations"]["status"] == "ok"


async def test_operators_see_every_service_and_queue(api: Api, shop: Shop) -> None:
    operator = await api.user(shop, Role.OPERATOR, f"otto@{uuid7().hex}.example")
    health = await get(api.client(operator.bearer), "platform/health")
    services = {each["name"]: each for each in health["services"]}
    assert {name: each["status"] for name, each in services.items()} == {
        "api": "ok", "ingest": "ok", "detector": "ok", "dispatch": "ok", "trust": "missing",
    }  # fmt: skip
    assert services["trust"]["detail"] == "The API does not know its address: set ORYLO_TRUST_URL."
    assert services["ingest"]["checks"]["postgres"] == services["api"]["checks"]["postgres"] == "ok"
    assert health["status"] == "missing"
    assert {each["name"]: each["status"] for each in health["queues"]} == dict.fromkeys(
        ("detector", "trust", "dispatch", "api", "ingest"), "ok"
    )
    assert all(each["waiting"] >= 0 and each["dead"] >= 0 for each in health["queues"])
    async with api.client(shop.bearer).get("/api/v1/platform/health") as response:
        assert response.status == 403
