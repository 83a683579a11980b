"""The whole story of a payment over HTTP, also while a source fails."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from orylo_api.story import parts
from orylo_common.ids import uuid7
from orylo_common.messages import (
    ConversionDispatched,
    Decision,
    DisputeOpened,
    Match,
    PaymentSucceeded,
    PaymentVerdict,
    Utm,
)
from tests.integration.api.conftest import Api, running_api
from tests.unit.api.builders import (
    NOON,
    action_changed,
    after,
    conversion,
    detection,
    payment,
    replaced,
    trust_updated,
    verdict,
)

pytestmark = pytest.mark.integration
PAYMENT, CUSTOMER = "stripe:pi_story", "cus_story"
PATH = f"/api/v1/payments/{PAYMENT}/story"
PARTS = ("webhooks", "decisions", "trust", "conversions", "deliveries", "actions", "fraud_signs", "audit")
MATCH = Match(method="fbc", confidence=0.95, click_id="clk_1", tried=("click_id",), utm=Utm(source="facebook"))
SENT, PAID, REPORTED_BEFORE = uuid7(), uuid7(), uuid7()


INSERT_WEBHOOK = """
    INSERT INTO ingest.events (
        tenant_id, event_id, gateway, gateway_event_type, status, payment_id, payload, body_sha256, occurred_at,
        created_at
    ) VALUES ($1, $2, 'stripe', $3, $4, $5, '{}', '', $6, $6)
"""
REPEAT_WEBHOOK = """
    INSERT INTO ingest.repeats (tenant_id, event_id, count, first_at, last_at)
    VALUES ($1, $2, 2, $3, $3::timestamptz + interval '1 minute')
"""


def about(api: Api, **changes: Any) -> dict[str, Any]:
    return {"tenant_id": api.a.tenant.id, "payment_id": PAYMENT, **changes}


@pytest.fixture
async def projected(api: Api) -> AsyncIterator[None]:
    named = about(api, customer_id=CUSTOMER)
    first = detection(**named, version=1)
    await api.project(
        payment(PaymentSucceeded, **named),
        payment(DisputeOpened, **named, occurred_at=after(60)),
        # The newest first: the order of arrival does not matter.
        detection(**named, decision=Decision.BLOCK, version=2, replaces=replaced(first)),
        first,
        conversion(ConversionDispatched, **about(api), conversion_id=SENT, match=MATCH),
        action_changed(**about(api)),
        verdict(PaymentVerdict.FRAUD, **about(api), reason="card testing"),
        trust_updated(tenant_id=api.a.tenant.id, customer_id=CUSTOMER, payment_id=PAYMENT, cause="dispute_opened"),
        trust_updated(tenant_id=api.a.tenant.id, customer_id=CUSTOMER, payment_id="stripe:pi_other", version=2),
    )
    yield
    for table in ("conversions_view", "actions_view", "detections_view"):
        await api.pool.execute(f"DELETE FROM api.{table} WHERE payment_id = $1", PAYMENT)


async def read(client: aiohttp.ClientSession) -> Any:
    async with client.get(PATH) as response:
        assert response.status == 200, await response.text()
        return await response.json()


def statuses(story: Any) -> dict[str, str]:
    return {name: story[name]["status"] for name in PARTS}


@pytest.fixture
async def received(api: Api) -> AsyncIterator[None]:
    """Webhooks of the payment in ingest's table: one that was repeated, one without effect, and another tenant's."""
    tenant_id, now = api.a.tenant.id, datetime.now(UTC)
    for event_id, kind, status, owner, at in (
        (PAID, "payment_intent.succeeded", "published", tenant_id, now),
        (REPORTED_BEFORE, "charge.succeeded", "already_reported", tenant_id, now + timedelta(seconds=1)),
        (uuid7(), "charge.succeeded", "published", api.b.tenant.id, now),
    ):
        await api.pool.execute(INSERT_WEBHOOK, owner, event_id, kind, status, PAYMENT, at)
    await api.pool.execute(REPEAT_WEBHOOK, tenant_id, PAID, now)
    yield
    await api.pool.execute("DELETE FROM ingest.events WHERE payment_id = $1", PAYMENT)
    await api.pool.execute("DELETE FROM ingest.repeats WHERE event_id = $1", PAID)


@pytest.mark.usefixtures("projected", "received")
async def test_a_story_has_every_part(api: Api) -> None:
    machine = api.client(api.a.bearer)
    async with machine.post(f"/api/v1/payments/{PAYMENT}/verdict", json={"verdict": "fraud"}) as response:
        assert response.status == 202

    story = await read(machine)

    # Dispatch does not know the conversion.
    assert statuses(story) == dict.fromkeys(PARTS, "ok") | {"deliveries": "failed"}
    assert [each["decision"] for each in story["decisions"]["items"]] == ["review", "block"]
    webhooks = [(each["id"], each["state"], each["deliveries"]) for each in story["webhooks"]["items"]]
    assert webhooks == [(str(PAID), "accepted", 3), (str(REPORTED_BEFORE), "already_reported", 1)]
    assert [each["cause"] for each in story["trust"]["items"]] == ["dispute_opened"]
    assert [each["status"] for each in story["conversions"]["items"]] == ["dispatched"]
    [match] = [each["match"] for each in story["conversions"]["items"]]
    assert (match["tried"], match["utm"]) == (["click_id"], {"source": "facebook"})
    assert {each["sign"] for each in story["fraud_signs"]["items"]} == {"judged_fraud", "disputed"}
    [line] = story["audit"]["items"]
    assert (line["action"], line["actor"]) == ("payment.give_verdict", "machine")
    assert {each["part"] for each in story["timeline"]} == set(PARTS) - {"deliveries"}
    assert story["outlook"] == []


@pytest.mark.usefixtures("projected")
async def test_ingest_that_does_not_answer_in_time_leaves_the_other_parts(
    api: Api, postgres_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "PART_TIMEOUT", timedelta(milliseconds=100))

    async def hang(_: web.Request) -> web.Response:
        await asyncio.sleep(30)
        return web.json_response({"items": [], "reached": None})

    app = web.Application()
    app.router.add_get("/tenants/{tenant}/webhooks", hang)
    async with TestServer(app) as ingest:
        for url in (str(ingest.make_url("")).rstrip("/"), "http://127.0.0.1:1", None):
            settings = {"master_key": api.master_key, "ingest_private_url": url}
            async with (
                running_api(postgres_dsn, **settings) as (address, *_),
                aiohttp.ClientSession(address, headers=api.a.bearer) as client,
            ):
                story = await read(client)
            assert (story["webhooks"], story["decisions"]["status"]) == ({"status": "failed", "items": []}, "ok"), url


@pytest.mark.usefixtures("projected", "received")
async def test_a_source_that_fails_leaves_the_others(api: Api) -> None:
    machine = api.client(api.a.bearer)
    await api.pool.execute("REVOKE SELECT ON api.trust_changes FROM orylo_api")
    try:
        story = await read(machine)
    finally:
        await api.pool.execute("GRANT SELECT ON api.trust_changes TO orylo_api")

    expected = dict.fromkeys(PARTS, "ok") | {"deliveries": "failed", "trust": "failed", "audit": "missing"}
    assert statuses(story) | {"audit": "missing"} == expected
    assert [each["part"] for each in story["outlook"]] == []


@pytest.mark.usefixtures("projected")
async def test_the_attempts_come_from_dispatch(api: Api, postgres_dsn: str) -> None:
    asked: list[str] = []
    attempt = {"at": NOON.isoformat(), "code": None, "reason": None, "duration_ms": 90}

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        attempts = [
            attempt | {"number": number, "outcome": outcome, "trace_id": f"t{number}"}
            for number, outcome in ((2, "dispatched"), (1, "transient"))
        ]
        return web.json_response(
            {"state": "dispatched", "started_at": None, "due_at": NOON.isoformat(), "event": {}, "attempts": attempts}
        )

    app = web.Application()
    app.router.add_get("/tenants/{tenant}/conversions/{id}", answer)
    async with (
        TestServer(app) as dispatch,
        running_api(postgres_dsn, master_key=api.master_key, dispatch_url=str(dispatch.make_url("")).rstrip("/")) as (
            url,
            *_,
        ),
        aiohttp.ClientSession(url, headers=api.a.bearer) as client,
    ):
        story = await read(client)

    [delivery] = story["deliveries"]["items"]
    assert [each["trace_id"] for each in delivery["attempts"]] == ["t2", "t1"]
    assert {each["detail"] for each in story["timeline"] if each["part"] == "deliveries"} == {
        "2: dispatched",
        "1: transient",
    }
    assert asked == [f"/tenants/{api.a.tenant.id}/conversions/{SENT}"]


async def test_a_payment_without_a_story_yet(api: Api) -> None:
    machine = api.client(api.a.bearer)
    bare = payment(PaymentSucceeded, tenant_id=api.a.tenant.id, payment_id="stripe:pi_bare_story", customer_id=None)
    await api.project(bare.model_copy(update={"occurred_at": api.clock.now() - timedelta(minutes=1)}))

    async with machine.get("/api/v1/payments/stripe:pi_bare_story/story") as response:
        story = await response.json()

    assert {story[name]["status"] for name in PARTS} == {"missing"}
    assert {each["part"]: each["code"] for each in story["outlook"]} == {
        "decisions": "undecided",
        "trust": "no_customer",
        "conversions": "no_destination",
    }
    theirs = api.client(api.b.bearer)
    for client, path in ((theirs, "stripe:pi_bare_story"), (machine, "stripe:pi_unheard_of")):
        async with client.get(f"/api/v1/payments/{path}/story") as response:
            assert response.status == 404
