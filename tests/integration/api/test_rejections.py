"""Rejected webhooks: one row per gateway, reason and minute, whatever the order of messages."""

import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from orylo_api.projection import retention
from orylo_common.messages import WebhookRejected
from tests.integration.api.conftest import Api, empty
from tests.unit.api.builders import rejected

pytestmark = pytest.mark.integration

PATH = "/api/v1/rejections"
# Recent enough not to be deleted.
RECENT = datetime.now(UTC).replace(second=0, microsecond=123456) - timedelta(hours=1)


@pytest.fixture
async def machine(api: Api) -> aiohttp.ClientSession:
    return api.client(api.a.bearer)


@pytest.fixture(autouse=True)
async def _empty(api: Api) -> AsyncIterator[None]:
    yield
    await empty(api.pool, "rejections_view", "claims")


def of(api: Api, **changes: Any) -> WebhookRejected:
    return rejected(**{"tenant_id": api.a.tenant.id, "occurred_at": RECENT, "first_at": RECENT, **changes})


async def listed(client: aiohttp.ClientSession, **query: Any) -> list[dict[str, Any]]:
    async with client.get(PATH, params=query) as response:
        assert response.status == 200, await response.text()
        items: list[dict[str, Any]] = (await response.json())["items"]
        return items


async def test_rejections_of_one_minute_and_reason_share_a_row(api: Api, machine: aiohttp.ClientSession) -> None:
    seconds = [timedelta(seconds=number) for number in range(5)]
    messages = [
        of(
            api,
            occurred_at=RECENT + at,
            first_at=RECENT + at - timedelta(seconds=1),
            count=3,
            remote=f"192.0.2.{at.seconds}",
        )
        for at in seconds
    ]
    messages += messages
    random.Random(7).shuffle(messages)
    await api.project(*messages[:4])
    await api.project(*messages[4:])

    (row,) = await listed(machine)
    assert (row["count"], row["remote"], row["status"], row["code"]) == (15, "192.0.2.4", 401, "signature_mismatch")
    assert datetime.fromisoformat(row["first_at"]) == RECENT - timedelta(seconds=1)
    assert datetime.fromisoformat(row["last_at"]) == RECENT + timedelta(seconds=4)
    assert row["reason"] == "It fits none of the secrets."


async def test_rejections_are_filtered_and_paged(api: Api, machine: aiohttp.ClientSession) -> None:
    await api.project(
        *(of(api, occurred_at=RECENT + timedelta(minutes=number)) for number in range(3)),
        of(api, gateway="kiwify"),
        of(api, code="body_too_large", status=413),
    )
    assert len(await listed(machine)) == 5
    assert [row["gateway"] for row in await listed(machine, gateway="kiwify")] == ["kiwify"]
    assert [row["status"] for row in await listed(machine, code="body_too_large")] == [413]

    seen: list[str] = []
    cursor = None
    while cursor is not None or not seen:
        query = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        async with machine.get(PATH, params=query) as response:
            page = await response.json()
        seen += [row["id"] for row in page["items"]]
        cursor = page["next_cursor"]
    assert len(seen) == len(set(seen)) == 5


async def test_each_tenants_newest_rejections_are_kept(api: Api, machine: aiohttp.ClientSession) -> None:
    now = api.clock.now()
    await api.project(
        *(of(api, occurred_at=now - timedelta(minutes=number)) for number in range(5)),
        rejected(tenant_id=api.b.tenant.id, occurred_at=now),
        of(api, code="too_old", occurred_at=now - timedelta(days=31)),
    )
    bound = retention.BOUND_REJECTIONS.replace(f"OFFSET {retention.MAX_REJECTIONS - 1}", "OFFSET 1")
    async with api.projector.acquire() as connection:
        await retention.delete_old(connection)
        assert len(await listed(machine)) == 5
        newest = (await listed(machine))[:2]
        await connection.execute(bound)

    assert await listed(machine) == newest
    assert len(await listed(api.client(api.b.bearer))) == 1
