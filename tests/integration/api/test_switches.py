"""Switches and flags over the API: roles, scopes, maintenance, the stream, `/readyz`; and the health of payments."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import aiohttp
import asyncpg
import orjson
import pytest
from fakeredis import FakeAsyncRedis

from orylo_api.payment_health.checks import PaymentHealthChecks
from orylo_common.control import Keyring
from orylo_common.control.destinations import add_destination
from orylo_common.control.flags import FLAGS
from orylo_common.control.models import Role
from orylo_common.control.plane import Part, open_control
from orylo_common.control.switches import PLATFORM, Switch, SwitchName, switch_off, switch_on
from orylo_common.ids import uuid7
from orylo_common.messages import DestinationStatus, PaymentSucceeded
from orylo_common.postgres.pool import open_pool
from tests.integration.api.conftest import Api, Shop, make_shop
from tests.support.actors import ACTOR
from tests.support.eventually import eventually
from tests.unit.api.builders import destination_changed, payment

pytestmark = pytest.mark.integration

Client = aiohttp.ClientSession


@pytest.fixture
async def shop(api: Api) -> AsyncIterator[Shop]:
    yield await make_shop(api.pool, f"loja-{uuid7().hex}")
    await api.pool.execute("DELETE FROM control.switches")


async def request(client: Client, method: str, path: str, **body: Any) -> tuple[int, Any]:
    async with client.request(method, f"/api/{path}", json=body or None) as response:
        return response.status, await response.json(content_type=None)


async def as_role(api: Api, shop: Shop, role: Role) -> Client:
    return api.client((await api.user(shop, role, f"{role}@{uuid7().hex}.example")).bearer)


async def test_maintenance_refuses_changes_with_its_message_and_reading_goes_on(api: Api, shop: Shop) -> None:
    client = api.client(shop.bearer)
    until = (api.clock.now() + timedelta(minutes=1)).isoformat()
    wanted = {"name": "maintenance", "on": True, "message": "We move until noon", "until": until}
    status, problem = await request(client, "PUT", "v1/switches", **wanted, confirm="my-shop")
    assert (status, problem["errors"][0]["field"]) == (422, "body.confirm")
    status, body = await request(client, "PUT", "v1/switches", **wanted, confirm=shop.tenant.slug)
    assert (status, [(each["name"], each["scope"]) for each in body["items"]]) == (200, [("maintenance", "tenant")])

    async def is_refused() -> bool:
        return (await request(client, "PUT", "v1/settings/trust", values={"start": 40}))[0] == 503

    await eventually(is_refused)
    async with client.put("/api/v1/settings/trust", json={"values": {}}) as response:
        problem = await response.json(content_type="application/problem+json")
        assert (response.status, problem["code"], problem["detail"]) == (503, "maintenance", "We move until noon")
        assert 0 < int(response.headers["Retry-After"]) <= 60
    assert (await request(client, "GET", "v1/settings/trust"))[0] == 200
    assert (await request(client, "POST", "v1/rules/check", expression="payment.amount > 10"))[0] == 200
    assert (await request(client, "POST", "v1/settings/detection/preview", review_at=60))[0] == 200
    await api.sign_in(shop)
    assert (await request(api.client(api.b.bearer), "PUT", "v1/settings/trust", values={}))[0] == 200, "another tenant"

    api.clock.ahead = timedelta(minutes=2)
    assert (await request(client, "PUT", "v1/settings/trust", values={"start": 40}))[0] == 200, "it ends by itself"
    assert (await request(client, "GET", "v1/switches"))[1]["items"] == []


async def test_a_switch_is_changed_and_switched_off_with_a_line_for_each(api: Api, shop: Shop) -> None:
    client = api.client(shop.bearer)
    switch = {"name": "stop_webhooks", "target": "hotmart"}
    await request(client, "PUT", "v1/switches", **switch, on=True, message="new account")
    status, body = await request(client, "PUT", "v1/switches", **switch, on=True, message="still")
    [shown] = body["items"]
    assert (status, shown["target"], shown["message"], shown["changed_by"]) == (200, "hotmart", "still", "machine")
    assert {each["gateway"] for each in body["gateways"]} == {"stripe", "hotmart", "kiwify", "perfectpay"}

    assert (await request(client, "PUT", "v1/switches", **switch, on=False))[1]["items"] == []
    status, problem = await request(client, "PUT", "v1/switches", **switch, on=False)
    assert (status, problem["code"]) == (409, "not_on")
    lines = await api.pool.fetch(
        "SELECT action, before, after FROM control.audit_log"
        " WHERE tenant_id = $1 AND action LIKE 'switch.%' ORDER BY id",
        shop.tenant.id,
    )
    assert [line["action"] for line in lines] == ["switch.on", "switch.on", "switch.off"]
    assert (lines[1]["before"]["message"], lines[1]["after"]["message"]) == ("new account", "still")


async def test_owners_and_admins_turn_their_tenants_switches_and_operators_the_platforms(api: Api, shop: Shop) -> None:
    wanted = {"name": "stop_sending", "on": True, "message": "because"}
    for role, tenants, platforms in (
        (Role.OWNER, 200, 403), (Role.ADMIN, 200, 403), (Role.ANALYST, 403, 403), (Role.VIEWER, 403, 403),
        (Role.OPERATOR, 403, 200),
    ):  # fmt: skip
        client = await as_role(api, shop, role)
        assert (await request(client, "PUT", "v1/switches", **wanted))[0] == tenants, role
        assert (await request(client, "PUT", "v1/switches", **wanted, scope="platform"))[0] == platforms, role

    _, seen = await request(api.client(api.b.bearer), "GET", "v1/switches")
    assert [(each["scope"], each["changed_by"]) for each in seen["items"]] == [("platform", None)]
    line = await api.pool.fetchrow(
        "SELECT actor_kind, action FROM control.audit_log WHERE tenant_id = $1 ORDER BY id DESC LIMIT 1", PLATFORM
    )
    assert line is not None
    assert tuple(line) == ("api_key", "switch.on")


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "maintenance", "target": "stripe"},
        {"name": "stop_webhooks", "target": "paypal"},
        {"name": "stop_sending", "target": "meta"},
        {"name": "stop_sending", "target": "0195a3f2-6c1d-7b4e-9a57-3f1c2d8e4b60"},
        {"name": "stop_sending", "until": "2001-01-01T00:00:00Z"},
        {"name": "stop_sending", "message": None},
        {"name": "everything"},
    ],
    ids=str,
)
async def test_a_switch_that_would_stop_nothing_is_refused(api: Api, shop: Shop, changes: dict[str, Any]) -> None:
    body = {"on": True, "message": "because"} | changes
    status, problem = await request(api.client(shop.bearer), "PUT", "v1/switches", **body)
    assert (status, problem["code"]) == (422, "validation")


async def test_the_stream_and_readyz_show_switches_whoever_turned_them(api: Api, shop: Shop) -> None:
    async with api.client(shop.bearer).get("/api/v1/stream?types=switches.changed") as stream:
        assert (await stream.content.readline()).startswith(b"id: ")
        async with api.pool.acquire() as connection:
            switch = Switch(shop.tenant.id, SwitchName.STOP_SENDING, "", "moving", "cli:ana", api.clock.now())
            await switch_on(connection, switch, actor=ACTOR)
        seen = b""
        async with asyncio.timeout(20):
            while b"moving" not in seen:
                seen += await stream.content.readline()
        assert b"event: switches.changed" in seen
        async with api.client().get("/readyz") as response:
            ready = await response.json()
        assert (response.status, ready["switches"][0]["switch"]) == (200, "stop_sending")
        assert ready["switches"][0]["tenant_id"] == str(shop.tenant.id)

        async with api.pool.acquire() as connection:
            await switch_off(connection, shop.tenant.id, SwitchName.STOP_SENDING, "", actor=ACTOR, now=api.clock.now())
        async with asyncio.timeout(20):
            while b'"items":[]' not in seen:
                seen += await stream.content.readline()


async def test_flags_have_values_of_the_tenant_and_of_gateways(api: Api, shop: Shop) -> None:
    client = api.client(shop.bearer)
    _, body = await request(client, "GET", "v1/flags")
    assert [(item["name"], item["enabled"], item["values"]) for item in body["items"]] == [
        (name, flag.default, []) for name, flag in FLAGS.items()
    ]
    await request(client, "PUT", "v1/flags/conversions", gateway="hotmart", enabled=False)
    status, shown = await request(client, "PUT", "v1/flags/conversions", enabled=True)
    assert (status, shown["enabled"]) == (200, True)
    assert [(each["gateway"], each["enabled"]) for each in shown["values"]] == [(None, True), ("hotmart", False)]
    _, shown = await request(client, "PUT", "v1/flags/conversions", gateway="hotmart", enabled=None)
    assert [each["gateway"] for each in shown["values"]] == [None]

    assert (await request(client, "PUT", "v1/flags/nothing", enabled=True))[0] == 404
    assert (await request(client, "PUT", "v1/flags/tracking", gateway="stripe", enabled=True))[0] == 422
    analyst = await as_role(api, shop, Role.ANALYST)
    assert (await request(analyst, "PUT", "v1/flags/conversions", enabled=False))[0] == 403
    lines = await api.pool.fetch(
        "SELECT subject, before, after FROM control.audit_log WHERE tenant_id = $1 AND action = 'flag.set' ORDER BY id",
        shop.tenant.id,
    )
    assert [tuple(line) for line in lines] == [
        ("flag conversions hotmart", None, {"enabled": False}),
        ("flag conversions", None, {"enabled": True}),
        ("flag conversions hotmart", {"enabled": False}, None),
    ]


async def test_the_health_of_payments_is_public_and_says_nothing_of_a_shop(api: Api) -> None:
    async with api.client().get("/api/health/payment") as response:
        text = await response.text()
    body = orjson.loads(text)
    assert response.status == (200 if body["healthy"] else 503)
    assert set(body) == {"healthy", "timestamp", "checks"}
    assert set(body["checks"]) == {"database", "stripe", "cache", "webhooks"}
    assert all(set(check) == {"ok", "latency_ms", "detail"} for check in body["checks"].values())
    assert body["checks"]["database"]["ok"]
    assert body["checks"]["cache"]["ok"]
    assert api.a.tenant.slug not in text


@pytest.fixture
async def checks(api: Api, postgres_dsn: str) -> AsyncIterator[PaymentHealthChecks]:
    for table in ("rollups", "destination_states_view"):
        await api.pool.execute(f"DELETE FROM api.{table}")
    await api.pool.execute("DELETE FROM control.destinations")
    await api.pool.execute("DELETE FROM control.switches")
    role = "orylo_api_projector"
    async with (
        open_pool(postgres_dsn, role=role, max_size=4) as pool,
        open_control(postgres_dsn, role=role, parts=frozenset({Part.SWITCHES})) as plane,
    ):
        yield PaymentHealthChecks(pool, FakeAsyncRedis(), plane, api.clock)
    await api.pool.execute("DELETE FROM control.switches")


async def test_stripe_counts_only_if_a_shop_acts_there(api: Api, checks: PaymentHealthChecks) -> None:
    assert (await checks._stripe()) == "No shop acts on payments at Stripe."
    async with api.pool.acquire() as connection:
        keyring = Keyring.parse(api.master_key)
        destination_id = await add_destination(
            connection, keyring, api.a.tenant.id, "stripe", name="main", config={}, secret="rk", actor=ACTOR
        )
    assert "answered" in await checks._stripe()
    for version, status, says in (
        (1, DestinationStatus.UNAVAILABLE, "has not answered since"),
        (2, DestinationStatus.ON_HOLD, "answered when"),
    ):
        about = {"tenant_id": api.a.tenant.id, "destination_id": destination_id, "version": version}
        await api.project(destination_changed(**about, destination="stripe", status=status))
        stripe = (await PaymentHealthChecks(checks.pool, checks.redis, checks.plane, api.clock).health()).checks.stripe
        assert (stripe.ok, says in stripe.detail) == (status is not DestinationStatus.UNAVAILABLE, True)


async def test_webhooks_are_missed_only_if_many_came_at_this_time_a_week_ago(
    api: Api, checks: PaymentHealthChecks
) -> None:
    now = api.clock.stop()
    assert "No webhook has arrived" in await checks._webhooks()

    async def receive(count: int, ago: timedelta) -> None:
        about = {"tenant_id": api.a.tenant.id, "occurred_at": now - ago}
        await api.project(
            *(payment(PaymentSucceeded, **about, payment_id=f"stripe:pi_{uuid7()}") for _ in range(count))
        )

    await receive(1, timedelta(hours=6))
    assert "is 360 minutes old" in await checks._webhooks() or "is 36" in await checks._webhooks()
    await receive(30, timedelta(days=7, hours=3))
    silent = (await checks.health()).checks.webhooks
    assert (silent.ok, "of last week 30 arrived" in silent.detail) == (False, True)
    await receive(1, timedelta(0))
    assert (await checks._webhooks()) == "Webhooks arrive."
    async with api.pool.acquire() as connection:
        stopped = Switch(PLATFORM, SwitchName.STOP_WEBHOOKS, "", "moving", "ana", now)
        await switch_on(connection, stopped, actor=ACTOR)
    await checks.plane.reload()
    api.clock.reset()
    fresh = PaymentHealthChecks(checks.pool, checks.redis, checks.plane, api.clock)
    assert (await fresh.health()).checks.webhooks.detail == "A switch stops all webhooks."


class Missing:
    """A server that is away, and one that hangs."""

    async def ping(self) -> None:
        raise ConnectionError("redis://:secret@10.0.0.7 refused")

    async def fetchval(self, *_: Any) -> None:
        await asyncio.sleep(3600)

    async def fetchrow(self, *_: Any) -> None:
        raise asyncpg.InterfaceError("the password is secret")

    def acquire(self) -> Any:
        raise asyncpg.InterfaceError("the password is secret")


async def test_a_missing_dependency_is_named_within_the_time_limit_and_without_its_address(
    api: Api, checks: PaymentHealthChecks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orylo_api.payment_health.checks.TIME_LIMIT", timedelta(milliseconds=50))
    missing: Any = Missing()
    away = PaymentHealthChecks(missing, missing, checks.plane, api.clock)
    first, second = await asyncio.gather(away.health(), away.health())
    assert first is second, "callers share the checks"
    assert not first.healthy
    text = first.model_dump_json()
    assert "secret" not in text
    assert "did not answer within" in first.checks.database.detail
    assert {check.ok for check in (first.checks.database, first.checks.stripe, first.checks.cache)} == {False}
