"""Ingest while a switch stops its webhooks: 503 with Retry-After for those concerned, and nothing is lost."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import orjson
import pytest

from orylo_common.control.flags import set_flag
from orylo_common.control.switches import PLATFORM, Switch, SwitchName, switch_off, switch_on
from orylo_common.control.tenant_states import GRACE, delete_tenant, restore_tenant, resume_tenant, suspend_tenant
from orylo_common.control.tenants import find_tenant
from orylo_common.ids import uuid7
from orylo_common.messages import ClickRecorded
from tests.integration.ingest.running import TENANT, Answer, Ingest, running_ingest
from tests.support.actors import ACTOR
from tests.support.eventually import eventually
from tests.unit.ingest.given import stripe

pytestmark = pytest.mark.integration


@pytest.fixture
async def ingest(postgres_dsn: str) -> AsyncIterator[Ingest]:
    async with running_ingest(postgres_dsn) as ingest:
        yield ingest
        await ingest.pool.execute("DELETE FROM control.switches")


async def turn(ingest: Ingest, *, on: bool, scope: UUID | None = None, target: str = "", lasts: float = 3600) -> None:
    now = datetime.now(UTC)
    async with ingest.pool.acquire() as connection, connection.transaction():
        tenant_id = scope or (await find_tenant(connection, TENANT)).id
        name = SwitchName.STOP_WEBHOOKS
        if on:
            switch = Switch(tenant_id, name, target, "moving", "ana", now, now + timedelta(seconds=lasts))
            await switch_on(connection, switch, actor=ACTOR)
        else:
            await switch_off(connection, tenant_id, name, target, actor=ACTOR, now=now)


def payment(number: int) -> bytes:
    event = stripe("charge.succeeded", payment_intent=f"pi_switched_{number}")
    return orjson.dumps(event | {"id": f"evt_switched_{number}"})


async def answer_becomes(ingest: Ingest, status: int, number: int) -> Answer:
    answers: list[Answer] = []

    async def asked() -> bool:
        answers.append(await ingest.stripe(payment(number)))
        return answers[-1].status == status

    await eventually(asked)
    return answers[-1]


@pytest.mark.parametrize(("scope", "target"), [(None, "stripe"), (None, ""), (PLATFORM, ""), (PLATFORM, "stripe")])
async def test_a_stopped_gateway_is_asked_to_come_back_and_its_webhook_is_accepted_then(
    ingest: Ingest, scope: UUID | None, target: str
) -> None:
    await ingest.configure()
    before = await ingest.rows("events")
    number = int(datetime.now(UTC).timestamp() * 1000)
    await turn(ingest, on=True, scope=scope, target=target)
    stopped = await answer_becomes(ingest, 503, number)
    assert stopped.body["code"] == "webhooks_stopped"
    assert 0 < int(stopped.headers["Retry-After"]) <= 300
    assert (await ingest.stripe(payment(number), tenant="nobody")).status == 404
    # A webhook may have been accepted before the switch took effect.
    stored = await ingest.rows("events")
    async with ingest.session.get(f"{ingest.url}/readyz") as response:
        ready = await response.json()
    assert (response.status, [each["switch"] for each in ready["switches"]]) == (200, ["stop_webhooks"])

    await turn(ingest, on=False, scope=scope, target=target)
    answer = await answer_becomes(ingest, 200 if stored > before else 202, number)
    assert answer.body["status"] in ("accepted", "duplicate")
    assert await ingest.rows("events") == before + 1


async def test_another_gateway_goes_on(ingest: Ingest) -> None:
    await ingest.configure()
    await turn(ingest, on=True, target="hotmart")
    async with ingest.session.get(f"{ingest.url}/readyz") as response:
        assert response.status == 200
    assert (await ingest.stripe(payment(1))).status in (200, 202)


async def visit(ingest: Ingest) -> int:
    body = {"kind": "pageview", "click_id": f"oc_{uuid7().hex[-22:]}", "url": "https://shop.example/?fbclid=IwAR0"}
    async with ingest.session.post(f"{ingest.url}/api/v1/track/{TENANT}", json=body) as response:
        return response.status


async def test_visits_are_recorded_only_while_the_flag_is_on(ingest: Ingest) -> None:
    await ingest.configure()

    assert await visit(ingest) == 202
    await eventually(lambda: bool(ingest.published.messages))

    async with ingest.pool.acquire() as connection, connection.transaction():
        tenant = await find_tenant(connection, TENANT)
        await set_flag(connection, tenant.id, "tracking", "", False, actor=ACTOR)

    async def is_ignored() -> bool:
        before = len(ingest.published.messages)
        assert await visit(ingest) == 202
        return len(ingest.published.messages) == before and await ingest.rows("outbox") == 0

    await eventually(is_ignored)


@pytest.mark.parametrize("deleted", [False, True], ids=["suspended", "deleted"])
async def test_a_stopped_tenants_gateways_are_asked_to_come_back(ingest: Ingest, deleted: bool) -> None:
    await ingest.configure()
    before, now = await ingest.rows("events"), datetime.now(UTC)
    number = int(now.timestamp() * 1000)
    async with ingest.pool.acquire() as connection, connection.transaction():
        tenant_id = (await find_tenant(connection, TENANT)).id
        if deleted:
            await delete_tenant(connection, tenant_id, reason="closed", grace=GRACE, actor=ACTOR, now=now)
        else:
            await suspend_tenant(connection, tenant_id, reason="unpaid", actor=ACTOR, now=now)
    stopped = await answer_becomes(ingest, 503, number)
    assert (stopped.body["code"], stopped.headers["Retry-After"]) == ("webhooks_stopped", "300")
    stored = await ingest.rows("events")
    assert await visit(ingest) == 202
    assert not [each for each in ingest.published.messages if isinstance(each, ClickRecorded)]

    async with ingest.pool.acquire() as connection, connection.transaction():
        if deleted:
            await restore_tenant(connection, tenant_id, actor=ACTOR, now=now)
        else:
            await resume_tenant(connection, tenant_id, actor=ACTOR)
    await answer_becomes(ingest, 200 if stored > before else 202, number)
    assert await ingest.rows("events") == before + 1
