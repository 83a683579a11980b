"""Received webhooks on the API: ingest's stored ones and the refused ones, their payloads and resend."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import aiohttp
import orjson
import pytest

from orylo_common.control.api_keys import create_api_key
from orylo_common.control.models import Role
from orylo_common.control.tenants import create_tenant, find_tenant
from orylo_common.messages import PaymentSucceeded
from tests.integration.api.conftest import running_api
from tests.integration.ingest.running import MASTER_KEY, TENANT, Ingest, running_ingest
from tests.support.actors import ACTOR
from tests.support.eventually import eventually
from tests.unit.ingest.given import stripe

pytestmark = pytest.mark.integration


@dataclass
class Shop:
    """A tenant's clients, an ingest that receives its webhooks, and the API that shows them."""

    ingest: Ingest
    owner: aiohttp.ClientSession
    viewer: aiohttp.ClientSession
    other: aiohttp.ClientSession

    async def get(self, path: str, **query: str) -> tuple[int, Any]:
        async with self.owner.get(f"/api/v1/{path}", params=query) as response:
            return response.status, await response.json()


@pytest.fixture
async def shop(postgres_dsn: str) -> AsyncIterator[Shop]:
    async with running_ingest(postgres_dsn) as ingest:
        async with ingest.pool.acquire() as connection:
            await connection.execute("DELETE FROM api.rejections_view")
            tenant = await find_tenant(connection, TENANT)
            stranger = await create_tenant(connection, "other", actor=ACTOR)
            keys = [
                (await create_api_key(connection, owner.id, name=role, role=role, actor=ACTOR)).key
                for owner, role in ((tenant, Role.OWNER), (tenant, Role.VIEWER), (stranger, Role.OWNER))
            ]
        urls = {
            "ingest_url": ingest.url,
            "ingest_private_url": ingest.private_url,
            "webhook_base_url": "https://hooks.example.com/",
        }
        async with running_api(postgres_dsn, master_key=MASTER_KEY, **urls) as (url, _, _):
            sessions = [aiohttp.ClientSession(url, headers={"Authorization": f"Bearer {key}"}) for key in keys]
            yield Shop(ingest, *sessions)
            for session in sessions:
                await session.close()


async def accept(shop: Shop, number: int) -> str:
    event = stripe("charge.succeeded", id=f"ch_{number}", payment_intent=f"pi_{number}")
    answer = await shop.ingest.stripe(orjson.dumps({**event, "id": f"evt_{number}"}))
    assert answer.status in (200, 202)
    event_id: str = answer.body["event_id"]
    return event_id


async def refuse(shop: Shop) -> None:
    await shop.ingest.stripe(orjson.dumps(stripe("charge.succeeded")), secret="another")


async def test_stored_and_refused_webhooks_are_one_list(shop: Shop) -> None:
    first = await accept(shop, 1)
    await accept(shop, 1)
    await refuse(shop)

    async def shown() -> bool:
        _, page = await shop.get("webhooks", state="duplicate")
        return bool(page["items"])

    await eventually(shown)
    await shop.ingest.pool.execute(
        """INSERT INTO api.rejections_view (
               tenant_id, id, gateway, code, count, first_at, last_at, status, reason, size, created_at
           )
           SELECT id, gen_random_uuid(), 'stripe', 'signature_mismatch', 4, $1, $1, 401, 'wrong', 10, $1
           FROM control.tenants WHERE slug = $2""",
        datetime.now(UTC),
        TENANT,
    )
    status, page = await shop.get("webhooks")
    assert status == 200
    refused, accepted = page["items"]
    assert (refused["state"], refused["status"], refused["deliveries"]) == ("refused", 401, 4)
    assert (accepted["id"], accepted["state"], accepted["deliveries"]) == (first, "accepted", 2)
    assert accepted["payment_id"] == "stripe:pi_1"

    async def states(**query: str) -> list[str]:
        _, page = await shop.get("webhooks", **query)
        return [item["state"] for item in page["items"]]

    assert await states(state="refused") == ["refused"]
    assert await states(state="accepted") == ["accepted"]
    assert await states(state="quarantined") == []
    assert await states(payment="stripe:pi_1") == ["accepted"]
    assert await states(type="charge.succeeded") == ["accepted"]
    assert await states(gateway="hotmart") == []

    _, one = await shop.get("webhooks", limit="1")
    _, two = await shop.get("webhooks", limit="1", cursor=one["next_cursor"])
    assert [item["id"] for item in one["items"] + two["items"]] == [refused["id"], accepted["id"]]

    status, details = await shop.get(f"webhooks/{refused['id']}")
    assert (status, details["code"], details["payment"]) == (200, "signature_mismatch", None)
    assert (await shop.get(f"webhooks/{refused['id']}/payload"))[0] == 404


async def test_a_webhook_is_shown_with_its_scrubbed_payload(shop: Shop) -> None:
    event_id = await accept(shop, 1)
    status, details = await shop.get(f"webhooks/{event_id}")
    assert (status, details["state"], details["type"]) == (200, "accepted", "charge.succeeded")
    assert details["payload_bytes"] > 500
    status, body = await shop.get(f"webhooks/{event_id}/payload")
    assert (status, body["payload"]["id"]) == (200, "evt_1")
    assert body["payload"]["data"]["object"]["billing_details"]["email"].startswith("sha256:")


async def test_a_conflict_names_the_event_that_it_contradicts(shop: Shop) -> None:
    event_id = await accept(shop, 1)
    changed = stripe("charge.succeeded", id="ch_1", payment_intent="pi_1", amount=1, amount_captured=1)
    await shop.ingest.stripe(orjson.dumps({**changed, "id": "evt_1"}))
    _, page = await shop.get("webhooks", state="conflict")
    _, conflict = await shop.get(f"webhooks/{page['items'][0]['id']}")
    assert conflict["conflicts_with"] == event_id
    _, first = await shop.get(f"webhooks/{event_id}")
    assert [each["id"] for each in first["conflicts"]] == [conflict["id"]]
    async with shop.owner.post(f"/api/v1/webhooks/{conflict['id']}/resend") as response:
        assert (response.status, (await response.json())["code"]) == (409, "not_resendable")


async def test_a_resend_with_one_idempotency_key_happens_once_and_is_audited(shop: Shop) -> None:
    event_id = await accept(shop, 1)
    headers = {"Idempotency-Key": "again"}
    answers = []
    for _ in range(2):
        async with shop.owner.post(f"/api/v1/webhooks/{event_id}/resend", headers=headers) as response:
            assert response.status == 200
            answers.append(await response.json())
    assert answers[0] == answers[1]
    assert answers[0]["status"] == "already_reported"
    lines = await shop.ingest.pool.fetch("SELECT subject, after FROM control.audit_log WHERE action = 'webhook.resend'")
    assert [tuple(line) for line in lines] == [(f"webhook {event_id}", {"status": "already_reported"})]
    enriched = [each for each in shop.ingest.published.messages if each.type == "payment.enriched.v1"]
    assert len(enriched) == 1
    assert len([each for each in shop.ingest.published.messages if isinstance(each, PaymentSucceeded)]) == 1


async def test_no_other_tenant_and_no_viewer_reaches_or_resends_it(shop: Shop) -> None:
    event_id = await accept(shop, 1)
    for path in (f"webhooks/{event_id}", f"webhooks/{event_id}/payload"):
        async with shop.other.get(f"/api/v1/{path}") as response:
            assert response.status == 404
    async with shop.other.get("/api/v1/webhooks") as response:
        assert (await response.json())["items"] == []
    async with shop.other.post(f"/api/v1/webhooks/{event_id}/resend") as response:
        assert response.status == 404
    async with shop.viewer.post(f"/api/v1/webhooks/{event_id}/resend") as response:
        assert response.status == 403
    assert (await shop.get(f"webhooks/{uuid4()}"))[0] == 404


async def test_without_ingest_only_refused_webhooks_are_shown(postgres_dsn: str, shop: Shop) -> None:
    await accept(shop, 1)
    async with running_api(postgres_dsn, master_key=MASTER_KEY) as (url, _, _):
        headers = {"Authorization": shop.owner.headers["Authorization"]}
        async with aiohttp.ClientSession(url, headers=headers) as client:
            async with client.get("/api/v1/webhooks") as response:
                assert (response.status, (await response.json())["code"]) == (503, "ingest_not_configured")
            async with client.get("/api/v1/webhooks", params={"state": "refused"}) as response:
                assert response.status == 200
