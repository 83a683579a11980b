"""Quarantined webhooks: listed, replayed, discarded, and settled whatever the order of messages."""

from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

import aiohttp
import pytest

from orylo_common.control.models import Role
from orylo_common.messages import WebhookQuarantined, WebhookReplayRequested, decode
from tests.integration.api.conftest import Api, empty
from tests.unit.api.builders import quarantined, replayed

pytestmark = pytest.mark.integration

PATH = "/api/v1/quarantine"


@pytest.fixture
async def machine(api: Api) -> aiohttp.ClientSession:
    return api.client(api.a.bearer)


@pytest.fixture(autouse=True)
async def _empty(api: Api) -> AsyncIterator[None]:
    yield
    await empty(api.pool, "quarantine_view", "claims", "idempotency_keys")


def of(api: Api, **changes: Any) -> WebhookQuarantined:
    return quarantined(tenant_id=api.a.tenant.id, **changes)


async def get(client: aiohttp.ClientSession, path: str, **query: Any) -> Any:
    async with client.get(path, params=query) as response:
        assert response.status == 200, await response.text()
        return await response.json()


async def replay(client: aiohttp.ClientSession, webhook: WebhookQuarantined) -> tuple[int, Any]:
    async with client.post(f"{PATH}/{webhook.event_id}/replay") as response:
        return response.status, await response.json()


async def test_webhooks_are_listed_and_shown_with_their_payload(api: Api, machine: aiohttp.ClientSession) -> None:
    webhook = of(api)
    await api.project(webhook, of(api, kind="conflict", gateway="kiwify", payload=None, payload_bytes=100_000))

    shown = await get(machine, f"{PATH}/{webhook.event_id}")
    assert shown["payload"] == {"id": "evt_1"}
    assert (shown["state"], shown["reason"], shown["gateway_event_id"]) == ("open", "the amount is missing", "evt_1")
    assert len((await get(machine, PATH))["items"]) == 2
    (conflict,) = (await get(machine, PATH, kind="conflict"))["items"]
    assert (await get(machine, f"{PATH}/{conflict['id']}"))["payload"] is None
    assert [item["id"] for item in (await get(machine, PATH, gateway="stripe"))["items"]] == [webhook.event_id]
    assert (await get(machine, PATH, state="published"))["items"] == []


async def test_messages_may_arrive_in_any_order_and_twice(api: Api, machine: aiohttp.ClientSession) -> None:
    webhook = of(api)
    later = webhook.occurred_at + timedelta(hours=1)
    still = replayed(webhook, status="quarantined", reason="still nothing", message_type=None, occurred_at=later)
    done = replayed(webhook, occurred_at=later + timedelta(hours=1))
    seen = []
    for order in permutations((webhook, still, done)):
        await api.project(*order[:1])
        await api.project(*order[1:], *order)
        seen.append(await get(machine, f"{PATH}/{webhook.event_id}"))
        await empty(api.pool, "quarantine_view", "claims")
    for shown in seen:
        assert (shown["state"], shown["message_type"]) == ("published", "payment.succeeded.v1")
        assert shown["payload"] == {"id": "evt_1"}
        assert shown["created_at"] == seen[0]["created_at"]
        assert shown["replayed_at"] == seen[0]["replayed_at"]


async def test_a_replay_is_requested_from_ingest_and_audited(api: Api, machine: aiohttp.ClientSession) -> None:
    webhook = of(api)
    await api.project(webhook)

    status, answer = await replay(machine, webhook)

    assert (status, answer["replay_requested_by"], answer["state"]) == (202, "machine", "open")
    subscription = await api.broker.subscribe("ingest", prefetch=1)
    (delivery,) = await subscription.receive(1, timedelta(seconds=45))
    await subscription.ack([delivery])
    await subscription.close()
    request = decode(delivery.body)
    assert isinstance(request, WebhookReplayRequested)
    assert (request.tenant_id, request.event_id) == (api.a.tenant.id, webhook.event_id)
    assert request.actor == "machine"
    lines = "SELECT action FROM control.audit_log WHERE tenant_id = $1 AND subject = $2"
    (line,) = await api.pool.fetch(lines, api.a.tenant.id, f"webhook {webhook.event_id}")
    assert line["action"] == "quarantine.replay"


async def test_conflicts_and_settled_webhooks_cannot_be_replayed(api: Api, machine: aiohttp.ClientSession) -> None:
    conflict, settled = of(api, kind="conflict"), of(api)
    await api.project(conflict, settled, replayed(settled))

    assert (await replay(machine, conflict))[0] == 409
    status, problem = await replay(machine, settled)
    assert (status, problem["type"]) == (409, "urn:orylo:problem:already_settled")
    assert (await replay(machine, of(api)))[0] == 404


async def discard(client: aiohttp.ClientSession, webhook: WebhookQuarantined, reason: str) -> tuple[int, Any]:
    async with client.post(f"{PATH}/{webhook.event_id}/discard", json={"reason": reason}) as response:
        return response.status, await response.json()


async def test_discarding_a_webhook_needs_a_reason_and_is_audited(api: Api, machine: aiohttp.ClientSession) -> None:
    conflict, webhook = of(api, kind="conflict"), of(api)
    await api.project(conflict, webhook)
    assert (await discard(machine, conflict, ""))[0] == 422

    for each in (conflict, webhook):
        status, answer = await discard(machine, each, "sent by hand")
        assert (status, answer["state"], answer["discarded_by"]) == (200, "discarded", "machine")
    assert (await get(machine, PATH, state="open"))["items"] == []
    assert len((await get(machine, PATH, state="discarded"))["items"]) == 2
    line = await api.pool.fetchrow("SELECT action, after FROM control.audit_log ORDER BY id DESC LIMIT 1")
    assert line is not None
    assert tuple(line) == ("quarantine.discard", {"state": "discarded", "reason": "sent by hand"})
    assert (await discard(machine, webhook, "again"))[1]["type"] == "urn:orylo:problem:already_settled"
    assert (await replay(machine, webhook))[0] == 409


async def test_a_pending_replay_does_not_reopen_a_discarded_webhook(api: Api, machine: aiohttp.ClientSession) -> None:
    """If the replay publishes something, the webhook is published after all."""
    webhook, understood = of(api), of(api)
    await api.project(webhook, understood)
    for each in (webhook, understood):
        await discard(machine, each, "sent by hand")

    await api.project(replayed(webhook, status="quarantined", message_type=None), replayed(understood))

    assert (await get(machine, f"{PATH}/{webhook.event_id}"))["state"] == "discarded"
    assert (await get(machine, f"{PATH}/{understood.event_id}"))["state"] == "published"


async def test_analysts_can_read_but_neither_replay_nor_discard(api: Api) -> None:
    analyst = api.client((await api.user(api.a, Role.ANALYST, "quarantine@loja-a.example")).bearer)
    webhook = of(api)
    await api.project(webhook)

    assert (await get(analyst, f"{PATH}/{webhook.event_id}"))["id"] == webhook.event_id
    assert (await replay(analyst, webhook))[0] == 403
    assert (await discard(analyst, webhook, "no use"))[0] == 403


async def test_two_tenants_with_one_event_id_have_a_row_each(api: Api, machine: aiohttp.ClientSession) -> None:
    ours = of(api)
    await api.project(ours, quarantined(tenant_id=api.b.tenant.id, event_id=ours.event_id), replayed(ours))

    assert (await get(machine, f"{PATH}/{ours.event_id}"))["state"] == "published"
    theirs = await get(api.client(api.b.bearer), f"{PATH}/{ours.event_id}")
    assert (theirs["state"], UUID(theirs["id"])) == ("open", UUID(ours.event_id))
