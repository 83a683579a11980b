"""The private port: a conversion's attempts, probes and test events, with a Meta that refuses what Meta refuses."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from fakeredis import FakeAsyncRedis

from orylo_cli.demo.fake_meta import FakeMeta
from orylo_cli.demo.fake_meta.faults import InjectedFault
from orylo_common.broker.connect import open_broker
from orylo_common.broker.ports import Broker
from orylo_common.settings import load
from orylo_dispatch.app import open_app
from orylo_dispatch.settings import Settings
from tests.integration.dispatch.conftest import DATASET
from tests.integration.dispatch.running import KEYS, Shop, put_token
from tests.integration.dispatch.test_app import publish
from tests.support.eventually import eventually
from tests.unit.dispatch.cases import detection

pytestmark = pytest.mark.integration


@dataclass
class MovedClock:
    """The time, and how far it was moved."""

    ahead: timedelta = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass
class Port:
    broker: Broker
    clock: MovedClock
    client: TestClient[web.Request, web.Application]
    shop: Shop

    async def call(self, method: str, path: str, **query: str) -> tuple[int, Any]:
        async with self.client.request(method, f"/tenants/{self.shop.tenant_id}{path}", params=query) as response:
            return response.status, await response.json(content_type=None)

    @property
    def destination(self) -> str:
        return f"/destinations/{self.shop.destination_id}"


@pytest.fixture
async def port(
    postgres_dsn: str, shop: Shop, fake_meta: FakeMeta, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Port]:
    values = {"DATABASE_URL": postgres_dsn, "REDIS_URL": "redis://unused", "BROKER_URL": "postgres"}
    for name, value in (values | {"MASTER_KEY": KEYS, "META_BASE_URL": fake_meta.base_url}).items():
        monkeypatch.setenv(f"ORYLO_{name}", value)
    clock = MovedClock()
    async with (
        FakeAsyncRedis() as redis,
        open_broker("postgres", postgres_dsn) as broker,
        open_app(load(Settings), broker=broker, redis=redis, clock=clock) as private,
    ):
        app = web.Application()
        app.add_routes(private.routes())
        async with TestClient(TestServer(app)) as client:
            yield Port(broker, clock, client, shop)


async def test_a_conversion_shows_its_event_and_attempts(port: Port, admin: asyncpg.Pool) -> None:
    paid = port.shop.payment(ip="8.8.8.8", user_agent="Firefox")
    await publish(port.broker, paid, detection(paid))
    sent = "SELECT delivery_id FROM dispatch.deliveries WHERE state = 'dispatched'"
    await eventually(lambda: admin.fetchval(sent))
    path = f"/conversions/{await admin.fetchval(sent)}"
    status, shown = await port.call("GET", path)
    assert (status, shown["state"]) == (200, "dispatched")
    [attempt] = shown["attempts"]
    assert (attempt["number"], attempt["outcome"]) == (1, "dispatched")
    assert attempt["trace_id"]
    assert shown["event"]["event_id"] == paid.payment_id
    assert shown["event"]["user_data"]["client_ip_address"] == "hidden"
    assert "Firefox" not in str(shown)
    assert "8.8.8.8" not in str(shown)
    async with port.client.get(f"/tenants/{uuid4()}{path}") as response:
        assert response.status == 404


async def test_a_test_event_reaches_meta_with_its_code_only(
    port: Port, fake_meta: FakeMeta, admin: asyncpg.Pool
) -> None:
    status, refused = await port.call("POST", f"{port.destination}/test")
    assert (status, refused["code"]) == (409, "test_code_missing")
    status, answer = await port.call("POST", f"{port.destination}/test", code="TEST77")
    assert (status, answer["outcome"]) == (200, "dispatched")
    assert answer["trace_id"]
    report = fake_meta.report()["datasets"][DATASET]
    assert report["test_events"] == [{"event_id": answer["event_id"], "test_event_code": "TEST77"}]
    assert await admin.fetchval("SELECT count(*) FROM dispatch.deliveries") == 0


async def test_a_probe_shows_the_answer_and_ends_a_hold(port: Port, fake_meta: FakeMeta, admin: asyncpg.Pool) -> None:
    fake_meta.inject(InjectedFault(mode="expired_token"))
    status, answer = await port.call("POST", f"{port.destination}/probe")
    assert (status, answer["outcome"]) == (200, "token")
    paid = port.shop.payment()
    await publish(port.broker, paid, detection(paid))
    held = "SELECT status FROM dispatch.destination_states"
    await eventually(lambda: _is(admin, held, "on_hold"))
    fake_meta.reset()
    # The worker's own probe is due in a minute.
    assert (await port.call("POST", f"{port.destination}/probe"))[1]["outcome"] == "dispatched"
    await eventually(lambda: _is(admin, "SELECT state FROM dispatch.deliveries", "dispatched"))
    assert await _is(admin, held, "active")


async def test_metas_own_quality_is_asked_for_once_in_a_while(port: Port, fake_meta: FakeMeta) -> None:
    fake_meta.inject(InjectedFault(mode="no_quality"))
    status, refused = await port.call("GET", f"{port.destination}/quality")
    assert (status, refused["refusal"]["outcome"], refused["events"]) == (200, "configuration", [])
    assert "permission" in refused["refusal"]["reason"]
    fake_meta.reset()
    # The refusal is kept for a minute.
    assert (await port.call("GET", f"{port.destination}/quality"))[1] == refused

    port.clock.ahead = timedelta(minutes=1)
    paid = port.shop.payment()
    await publish(port.broker, paid, detection(paid))
    await eventually(lambda: fake_meta.report()["received"] == 1)
    _, reported = await port.call("GET", f"{port.destination}/quality")
    (purchase,) = reported["events"]
    assert (purchase["event_name"], purchase["score"], purchase["freshness"]) == ("Purchase", None, "real_time")
    assert {"key": "email", "percentage": 100.0} in purchase["keys"]
    assert reported["refusal"] is None
    fake_meta.inject(InjectedFault(mode="down"))
    port.clock.ahead += timedelta(minutes=14)
    assert (await port.call("GET", f"{port.destination}/quality"))[1] == reported
    port.clock.ahead += timedelta(minutes=1)
    assert (await port.call("GET", f"{port.destination}/quality"))[1]["refusal"]["outcome"] in ("transient", "unknown")


async def test_an_unreadable_token_and_an_unknown_destination_are_answered(port: Port, admin: asyncpg.Pool) -> None:
    assert (await port.call("POST", f"/destinations/{uuid4()}/probe"))[0] == 404
    assert (await port.call("POST", "/destinations/nonsense/probe"))[0] == 400
    await admin.execute("UPDATE control.destinations SET secret_encrypted = 'x', updated_at = now()")

    async def is_unreadable() -> bool:
        _, answer = await port.call("POST", f"{port.destination}/probe")
        return bool(answer.get("code") == "token_undecryptable")

    await eventually(is_unreadable)
    await put_token(admin, port.shop, "token")


async def _is(admin: asyncpg.Pool, select: str, value: str) -> bool:
    return bool(await admin.fetchval(select) == value)
