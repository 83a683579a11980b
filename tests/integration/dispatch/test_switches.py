"""Sending while a switch stops it, and what flags switch off."""

from datetime import UTC, datetime

import asyncpg
import pytest

from orylo_cli.demo.fake_meta import FakeMeta
from orylo_common.control.flags import set_flag
from orylo_common.control.switches import PLATFORM, Switch, SwitchName, switch_off, switch_on
from orylo_common.control.tenant_states import resume_tenant, suspend_tenant
from orylo_common.messages import ConversionMatched, Tracking
from tests.integration.dispatch.conftest import DATASET
from tests.integration.dispatch.running import Dispatch, Shop
from tests.support.actors import ACTOR
from tests.support.eventually import eventually
from tests.unit.dispatch.cases import CLICK_ID, click_recorded

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("scope", ["destination", "tenant", "platform"])
async def test_conversions_wait_while_a_switch_stops_sending_and_are_sent_once_afterwards(
    dispatch: Dispatch, admin: asyncpg.Pool, shop: Shop, fake_meta: FakeMeta, scope: str
) -> None:
    tenant_id = PLATFORM if scope == "platform" else shop.tenant_id
    target = str(shop.destination_id) if scope == "destination" else ""
    now = datetime.now(UTC)
    async with admin.acquire() as connection, connection.transaction():
        switch = Switch(tenant_id, SwitchName.STOP_SENDING, target, "moving", "ana", now)
        await switch_on(connection, switch, actor=ACTOR)
    await dispatch.plane.reload()
    paid = shop.payment()
    await dispatch.allow(paid)
    worker_ran = dispatch.sender._workers
    await eventually(lambda: bool(worker_ran))
    assert await dispatch.states() == {paid.payment_id: "pending"}
    assert await admin.fetchval("SELECT count(*) FROM dispatch.attempts") == 0

    async with admin.acquire() as connection, connection.transaction():
        await switch_off(connection, tenant_id, SwitchName.STOP_SENDING, target, actor=ACTOR, now=now)
    await eventually(lambda: fake_meta.datasets[DATASET].report()["event_ids"] == {paid.payment_id: 1})


async def test_a_suspended_tenants_conversions_wait_until_it_is_resumed(
    dispatch: Dispatch, admin: asyncpg.Pool, shop: Shop, fake_meta: FakeMeta
) -> None:
    now = datetime.now(UTC)
    async with admin.acquire() as connection, connection.transaction():
        await suspend_tenant(connection, shop.tenant_id, reason="unpaid", actor=ACTOR, now=now)
    await dispatch.plane.reload()
    paid = shop.payment()
    await dispatch.allow(paid)
    await eventually(lambda: bool(dispatch.sender._workers))
    assert await dispatch.states() == {paid.payment_id: "pending"}
    assert await admin.fetchval("SELECT count(*) FROM dispatch.attempts") == 0

    async with admin.acquire() as connection, connection.transaction():
        await resume_tenant(connection, shop.tenant_id, actor=ACTOR)
    await eventually(lambda: fake_meta.datasets[DATASET].report()["event_ids"] == {paid.payment_id: 1})


async def test_flags_switch_off_the_conversions_of_a_gateway_and_matching(
    dispatch: Dispatch, admin: asyncpg.Pool, shop: Shop
) -> None:
    async with admin.acquire() as connection, connection.transaction():
        await set_flag(connection, shop.tenant_id, "conversions", "hotmart", False, actor=ACTOR)
        await set_flag(connection, shop.tenant_id, "matching", "", False, actor=ACTOR)
    await dispatch.plane.reload()
    await dispatch.click(click_recorded(tenant_id=shop.tenant_id))
    await dispatch.allow(shop.payment(1, gateway="hotmart"))
    reported = shop.payment(2, tracking=Tracking(sck=f"fb|{CLICK_ID}"))
    await dispatch.allow(reported)
    await eventually(lambda: bool(dispatch.broker.of(ConversionMatched)))
    [matched] = dispatch.broker.of(ConversionMatched)
    assert (matched.payment_id, matched.match.click_id) == (reported.payment_id, None)
