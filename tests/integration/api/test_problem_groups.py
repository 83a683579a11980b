"""What was set aside, by cause: counts, money, times, a sample, and the last 24 hours."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from orylo_common.messages import ConversionFailed, PaymentSucceeded
from tests.integration.api.conftest import Api, empty
from tests.integration.api.test_bulk import dead_message
from tests.unit.api.builders import conversion, payment, quarantined, rejected

pytestmark = pytest.mark.integration

TABLES = ("dead_letters", "conversions_view", "quarantine_view", "rejections_view", "payments_view", "claims")


@pytest.fixture
async def machine(api: Api) -> aiohttp.ClientSession:
    return api.client(api.a.bearer)


@pytest.fixture(autouse=True)
async def _empty(api: Api) -> AsyncIterator[None]:
    await empty(api.pool, *TABLES)
    yield
    await empty(api.pool, *TABLES)


async def get(client: aiohttp.ClientSession, path: str, **query: str) -> Any:
    async with client.get(f"/api/v1/{path}", params=query) as response:
        assert response.status == 200, await response.text()
        return await response.json()


async def test_dead_letters_are_grouped_by_source_and_cause_with_their_money(
    api: Api, machine: aiohttp.ClientSession
) -> None:
    now = api.clock.stop()
    ours = {"tenant_id": api.a.tenant.id}
    for hours, amount, currency in ((0.5, 1000, "BRL"), (3.5, 500, "BRL"), (30, 700, "USD")):
        at = now - timedelta(hours=hours)
        about = {"payment_id": f"p:{hours}", "occurred_at": at, "amount_minor": amount, "currency": currency}
        await api.project(conversion(ConversionFailed, **ours, **about))
    await api.project(conversion(ConversionFailed, **ours, payment_id="p:other", occurred_at=now, code="368"))
    paid = payment(PaymentSucceeded, **ours, payment_id="stripe:pi_twice", amount_minor=900)
    await api.project(paid, dead_message(api, paid.payment_id), dead_message(api, paid.payment_id))
    await api.project(conversion(ConversionFailed, tenant_id=api.b.tenant.id, occurred_at=now))

    grouped = await get(machine, "dead-letters/groups")

    first, second, third = grouped["items"]
    assert grouped["groups"] == 3
    assert (first["source"], first["kind"], first["cause"], first["count"]) == ("dispatch", "conversion", "190", 3)
    assert first["reason"] == "Meta refused the token"
    assert first["money"] == [
        {"currency": "BRL", "amount_minor": 1500},
        {"currency": "USD", "amount_minor": 700},
    ]
    assert first["since"] < first["last_at"]
    assert (len(first["hourly"]), first["hourly"][-1], first["hourly"][-4], sum(first["hourly"])) == (24, 1, 1, 2)
    assert (second["source"], second["cause"], second["count"]) == ("detector", "ZeroDivisionError", 2)
    assert second["money"] == [{"currency": paid.currency, "amount_minor": 900}]
    assert (third["cause"], third["count"]) == ("368", 1)
    newest = await get(machine, f"dead-letters/{first['sample_id']}")
    assert newest["created_at"] == first["last_at"]

    narrowed = await get(machine, "dead-letters/groups", source="dispatch", cause="368")
    assert [each["cause"] for each in narrowed["items"]] == ["368"]


async def test_settled_dead_letters_are_in_no_group(api: Api, machine: aiohttp.ClientSession) -> None:
    await api.project(conversion(ConversionFailed, tenant_id=api.a.tenant.id))
    await api.pool.execute("UPDATE api.dead_letters SET state = 'discarded'")
    assert await get(machine, "dead-letters/groups") == {"items": [], "groups": 0}


async def test_quarantined_webhooks_are_grouped_by_gateway_and_reason(api: Api, machine: aiohttp.ClientSession) -> None:
    ours = {"tenant_id": api.a.tenant.id}
    held = [quarantined(**ours, gateway="kiwify", reason='unknown order_status "held"') for _ in range(2)]
    await api.project(*held, quarantined(**ours), quarantined(**ours, kind="conflict"))

    items = (await get(machine, "quarantine/groups"))["items"]

    found = [(each["gateway"], each["kind"], each["count"]) for each in items]
    assert found[0] == ("kiwify", "quarantined", 2)
    assert sorted(found[1:]) == [("stripe", "conflict", 1), ("stripe", "quarantined", 1)]
    assert items[0]["sample_id"] in {each.event_id for each in held}
    assert items[0]["hourly"][-1] == 2
    conflicts = (await get(machine, "quarantine/groups", kind="conflict"))["items"]
    assert [each["count"] for each in conflicts] == [1]


async def test_rejections_are_grouped_by_code_over_a_range(api: Api, machine: aiohttp.ClientSession) -> None:
    now = api.clock.stop()
    ours = {"tenant_id": api.a.tenant.id}
    for hours, count, remote in ((2, 20, "192.0.2.1"), (0.2, 2, "192.0.2.2"), (24 * 8, 5, "192.0.2.3")):
        at = now - timedelta(hours=hours)
        await api.project(rejected(**ours, occurred_at=at, first_at=at, count=count, remote=remote))
    await api.project(rejected(**ours, occurred_at=now, first_at=now, code="unknown_tenant"))

    first, second = (await get(machine, "rejections/groups"))["items"]

    assert (first["code"], first["count"], first["senders"], first["remote"]) == (
        "signature_mismatch", 22, 2, "192.0.2.2",
    )  # fmt: skip
    assert (first["hourly"][-1], first["hourly"][-3]) == (2, 20)
    assert (second["code"], second["count"]) == ("unknown_tenant", 1)
    since = (now - timedelta(days=9)).isoformat()
    assert (await get(machine, "rejections/groups", **{"from": since}))["items"][0]["count"] == 27


async def test_the_summary_counts_each_list(api: Api, machine: aiohttp.ClientSession) -> None:
    now = api.clock.stop()
    ours = {"tenant_id": api.a.tenant.id}
    await api.project(conversion(ConversionFailed, **ours, occurred_at=now), quarantined(**ours), quarantined(**ours))
    await api.project(rejected(**ours, occurred_at=now, first_at=now, count=22))
    await api.project(conversion(ConversionFailed, tenant_id=api.b.tenant.id))

    summary = await get(machine, "problems/summary")

    assert (summary["dead_letters"], summary["quarantine"], summary["rejections"]) == (1, 2, 22)
    await api.pool.execute("UPDATE api.dead_letters SET state = 'discarded'")
    settled = await get(machine, "problems/summary")
    assert (settled["dead_letters"], settled["last_dead_letter_at"]) == (0, summary["last_dead_letter_at"])
