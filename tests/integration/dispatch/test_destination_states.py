"""The state of a destination is stored: replicas share it, a restart respects it, and a change of it is published."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import asyncpg
import pytest

from orylo_cli.demo.fake_meta import FakeMeta
from orylo_cli.demo.fake_meta.faults import InjectedFault
from orylo_common.control.destinations import disable_destination
from orylo_common.messages import ConversionDispatched, ConversionFailed, DestinationStatus, DestinationStatusChanged
from orylo_dispatch.metrics import ON_HOLD
from tests.integration.dispatch.conftest import DATASET
from tests.integration.dispatch.running import LIMITS, Shop, put_token, running_dispatch
from tests.integration.dispatch.test_delivery import received
from tests.support.actors import ACTOR
from tests.support.eventually import eventually

pytestmark = pytest.mark.integration

EXPIRED = InjectedFault(mode="expired_token", dataset_id=DATASET)
SOUND = InjectedFault(dataset_id=DATASET)
# No probe ends a hold during a test.
SELDOM = replace(LIMITS, probe_every=timedelta(minutes=5))
STATE = "SELECT version, status, code, reason, next_attempt_at - since AS pause FROM dispatch.destination_states"


async def status(admin: asyncpg.Pool) -> str | None:
    state: str | None = await admin.fetchval("SELECT status FROM dispatch.destination_states")
    return state


async def has_status(admin: asyncpg.Pool, expected: str) -> bool:
    return await status(admin) == expected


def gauge(shop: Shop) -> float:
    return float(ON_HOLD.labels(str(shop.destination_id))._value.get())


async def test_a_hold_is_stored_and_announced_once(
    postgres_dsn: str, admin: asyncpg.Pool, shop: Shop, fake_meta: FakeMeta
) -> None:
    fake_meta.inject(EXPIRED)
    async with running_dispatch(postgres_dsn, fake_meta, limits=SELDOM) as dispatch:
        for number in range(5):
            await dispatch.allow(shop.payment(number))
        await eventually(lambda: has_status(admin, "on_hold"))
        await dispatch.allow(shop.payment(6))
        await eventually(lambda: gauge(shop) == 1)

        row = await admin.fetchrow(STATE)
        assert row is not None
        assert (row["version"], row["code"], row["pause"]) == (1, "190/463", SELDOM.probe_every)
        assert row["reason"].startswith("The token has expired. Create a new token.")
        await eventually(lambda: bool(dispatch.broker.of(DestinationStatusChanged)))
        [changed] = dispatch.broker.of(DestinationStatusChanged)
        assert (changed.tenant_id, changed.destination_id) == (shop.tenant_id, shop.destination_id)
        assert (changed.status, changed.code, changed.version) == (DestinationStatus.ON_HOLD, "190/463", 1)


async def test_another_replica_and_a_restart_respect_the_hold_until_the_token_is_replaced(
    postgres_dsn: str, admin: asyncpg.Pool, shop: Shop, fake_meta: FakeMeta
) -> None:
    fake_meta.inject(EXPIRED)
    payments = [shop.payment(number) for number in range(6)]
    async with (
        running_dispatch(postgres_dsn, fake_meta, limits=SELDOM) as first,
        running_dispatch(postgres_dsn, fake_meta, limits=SELDOM) as second,
    ):
        await first.allow(payments[0])
        await eventually(lambda: has_status(admin, "on_hold"))
        refused = fake_meta.datasets[DATASET].requests
        # The second replica has not read the hold yet, or just has: either way it claims nothing.
        for paid in payments[1:4]:
            await second.allow(paid)
        await asyncio.sleep(0.3)
        assert fake_meta.datasets[DATASET].requests == refused == 1

    async with running_dispatch(postgres_dsn, fake_meta, limits=SELDOM) as restarted:
        for paid in payments[4:]:
            await restarted.allow(paid)
        await asyncio.sleep(0.3)
        assert gauge(shop) == 1
        assert fake_meta.datasets[DATASET].requests == 1
        assert restarted.broker.of(DestinationStatusChanged) == []

        fake_meta.inject(SOUND)
        await put_token(admin, shop, "new-token")
        await eventually(lambda: len(received(fake_meta)) == len(payments))
        await eventually(lambda: len(restarted.broker.of(ConversionDispatched)) == len(payments))
        [changed] = restarted.broker.of(DestinationStatusChanged)
        assert (changed.status, changed.version, changed.reason) == (DestinationStatus.ACTIVE, 2, None)
        assert restarted.broker.of(ConversionFailed) == []

    assert received(fake_meta) == {paid.payment_id: 1 for paid in payments}
    assert (await status(admin), gauge(shop)) == ("active", 0)


async def test_one_of_two_replicas_probes_and_a_success_resumes_both(
    postgres_dsn: str, admin: asyncpg.Pool, shop: Shop, fake_meta: FakeMeta
) -> None:
    fake_meta.inject(EXPIRED)
    async with running_dispatch(postgres_dsn, fake_meta) as first, running_dispatch(postgres_dsn, fake_meta) as second:
        await first.allow(shop.payment(1))
        await eventually(lambda: has_status(admin, "on_hold"))
        await second.allow(shop.payment(2))
        fake_meta.inject(SOUND)
        await eventually(lambda: len(received(fake_meta)) == 2)
        await eventually(lambda: has_status(admin, "active"))
        changes = first.broker.of(DestinationStatusChanged) + second.broker.of(DestinationStatusChanged)
        assert sorted(each.version for each in changes) == [1, 2]
    assert set(received(fake_meta).values()) == {1}


async def test_a_disabled_destination_is_not_on_hold(
    postgres_dsn: str, admin: asyncpg.Pool, shop: Shop, fake_meta: FakeMeta
) -> None:
    fake_meta.inject(EXPIRED)
    async with running_dispatch(postgres_dsn, fake_meta, limits=SELDOM) as dispatch:
        await dispatch.allow(shop.payment())
        await eventually(lambda: has_status(admin, "on_hold"))
        async with admin.acquire() as connection:
            await disable_destination(connection, shop.tenant_id, "meta", name="main", actor=ACTOR)
        await eventually(lambda: has_status(admin, "active"))
    assert received(fake_meta) == {}


async def test_a_hold_without_due_deliveries_ends_with_a_new_token(
    postgres_dsn: str, admin: asyncpg.Pool, shop: Shop, fake_meta: FakeMeta
) -> None:
    fake_meta.inject(EXPIRED)
    async with running_dispatch(postgres_dsn, fake_meta, limits=SELDOM) as dispatch:
        await dispatch.allow(shop.payment())
        await eventually(lambda: has_status(admin, "on_hold"))
        await admin.execute("UPDATE dispatch.deliveries SET state = 'failed', settled_at = now()")
        await put_token(admin, shop, "new-token")
        await eventually(lambda: has_status(admin, "active"))


async def test_an_outage_is_unavailable_and_not_on_hold(
    postgres_dsn: str, admin: asyncpg.Pool, shop: Shop, fake_meta: FakeMeta
) -> None:
    fake_meta.inject(InjectedFault(mode="down", dataset_id=DATASET))
    async with running_dispatch(postgres_dsn, fake_meta) as dispatch:
        paid = shop.payment()
        await dispatch.allow(paid)
        await eventually(lambda: has_status(admin, "unavailable"))
        assert gauge(shop) == 0
        fake_meta.inject(SOUND)
        await eventually(lambda: has_status(admin, "active"))
        await eventually(lambda: bool(dispatch.broker.of(ConversionDispatched)))
        statuses = [each.status for each in dispatch.broker.of(DestinationStatusChanged)]
        assert statuses == [DestinationStatus.UNAVAILABLE, DestinationStatus.ACTIVE]


async def test_a_restart_respects_the_pause_that_a_destination_asked_for(
    postgres_dsn: str, admin: asyncpg.Pool, shop: Shop, fake_meta: FakeMeta
) -> None:
    fake_meta.inject(InjectedFault(mode="throttled", code=4, retry_after_seconds=90))
    async with running_dispatch(postgres_dsn, fake_meta) as dispatch:
        await dispatch.allow(shop.payment(1))
        await eventually(lambda: has_status(admin, "throttled"))
    fake_meta.inject(SOUND)
    async with running_dispatch(postgres_dsn, fake_meta) as restarted:
        await restarted.allow(shop.payment(2))
        await asyncio.sleep(0.3)
        assert received(fake_meta) == {}
    assert gauge(shop) == 0
