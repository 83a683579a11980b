"""A failing destination affects no other, and a crash at any point never counts a conversion twice."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from orylo_cli.demo.fake_meta import FakeMeta
from orylo_cli.demo.fake_meta.faults import InjectedFault
from orylo_common.clock import Clock
from orylo_common.messages import ConversionDispatched, ConversionFailed, ConversionMatched
from orylo_dispatch.conversions.announcements import CONVERSION_COLUMNS
from orylo_dispatch.conversions.decisions import release_undecided
from orylo_dispatch.conversions.retention import delete_old
from orylo_dispatch.delivery.maintenance import DeliveryMaintenance
from orylo_dispatch.delivery.queue import DeliveryQueue, DeliveryResult
from orylo_dispatch.destinations.meta.limits import MAX_AGE
from orylo_dispatch.domain.attempt import AttemptOutcome, DeliveryAttempt, DeliveryState, NextStep
from orylo_dispatch.metrics import WAITING
from tests.integration.dispatch.conftest import DATASET, read_attempts
from tests.integration.dispatch.running import LIMITS, Dispatch, Shop, open_shop, put_token, running_dispatch
from tests.integration.dispatch.test_delivery import received
from tests.support.eventually import eventually
from tests.unit.dispatch.cases import click_recorded

pytestmark = pytest.mark.integration

OTHER = "9876543210"
LEASE = timedelta(seconds=2)


class Later:
    """A clock that is ahead."""

    def __init__(self, ahead: timedelta) -> None:
        self._ahead = ahead

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead


def _delivery_maintenance(clock: Clock) -> DeliveryMaintenance:
    return DeliveryMaintenance(clock, CONVERSION_COLUMNS, {"meta": MAX_AGE})


async def test_an_expired_token_stops_one_destination_until_the_token_is_replaced(
    postgres_dsn: str, admin: asyncpg.Pool, shop: Shop, fake_meta: FakeMeta
) -> None:
    well = await open_shop(admin, "outra", OTHER)
    fake_meta.inject(InjectedFault(mode="expired_token", dataset_id=DATASET))
    async with running_dispatch(postgres_dsn, fake_meta) as dispatch:
        for number in range(20):
            await asyncio.gather(dispatch.allow(shop.payment(number)), dispatch.allow(well.payment(number)))
        await eventually(lambda: len(received(fake_meta, OTHER)) == 20)
        refused = fake_meta.datasets[DATASET].requests
        # One request met the expired token. The probes after it are harmless reads, which are not counted.
        assert refused == 1
        assert received(fake_meta) == {}
        assert dispatch.broker.of(ConversionFailed) == []

        fake_meta.inject(InjectedFault(dataset_id=DATASET))
        await put_token(admin, shop, "two\nlines")
        await eventually(lambda: _last_code(admin, "incomplete"))
        await put_token(admin, shop, "new-token")
        await eventually(lambda: len(received(fake_meta)) == 20)
        await eventually(lambda: len(dispatch.broker.of(ConversionDispatched)) == 40)

    assert {(attempt["outcome"], attempt["code"]) for attempt in await read_attempts(admin)} == {
        ("dispatched", None),
        ("token", "190/463"),
        ("configuration", "incomplete"),
    }


async def _last_code(admin: asyncpg.Pool, code: str) -> bool:
    return bool(await admin.fetchval("SELECT code FROM dispatch.attempts ORDER BY at DESC LIMIT 1") == code)


async def test_a_token_that_works_again_is_detected_without_a_change(
    dispatch: Dispatch, shop: Shop, fake_meta: FakeMeta
) -> None:
    fake_meta.inject(InjectedFault(mode="expired_token"))
    await dispatch.allow(shop.payment())
    await eventually(lambda: fake_meta.datasets[DATASET].requests == 1)
    fake_meta.inject(InjectedFault())

    await eventually(lambda: len(received(fake_meta)) == 1)


async def test_a_hanging_destination_does_not_delay_others(
    postgres_dsn: str, admin: asyncpg.Pool, shop: Shop, fake_meta: FakeMeta
) -> None:
    well = await open_shop(admin, "outra", OTHER)
    fake_meta.inject(InjectedFault(mode="hang", dataset_id=DATASET))
    async with running_dispatch(postgres_dsn, fake_meta) as dispatch:
        await dispatch.allow(shop.payment())
        await eventually(lambda: fake_meta.datasets[DATASET].requests == 1)
        for number in range(10):
            await dispatch.allow(well.payment(number))
        await eventually(lambda: len(received(fake_meta, OTHER)) == 10)
        # The hanging request is still running; if it had been cancelled, there would be a second one.
        worker = dispatch.sender._workers[shop.tenant_id, shop.destination_id]
        assert (worker._idle.is_set(), fake_meta.datasets[DATASET].requests) == (False, 1)
        fake_meta.inject(InjectedFault(dataset_id=DATASET))


async def test_after_a_kill_between_sending_and_recording_the_same_event_is_repeated(
    postgres_dsn: str, shop: Shop, fake_meta: FakeMeta
) -> None:
    fake_meta.inject(InjectedFault(latency_ms=60_000))
    paid = shop.payment()
    async with running_dispatch(postgres_dsn, fake_meta, limits=replace(LIMITS, lease=LEASE)) as killed:
        await killed.allow(paid)
        await eventually(lambda: received(fake_meta) == {paid.payment_id: 1})
        # Like kill -9: nothing runs after the request.
        worker = killed.sender._workers[shop.tenant_id, shop.destination_id]
        assert worker._task is not None
        worker._closing.set()
        worker._task.cancel()
        await asyncio.gather(worker._task, return_exceptions=True)
        fake_meta.inject(InjectedFault())

        async with running_dispatch(postgres_dsn, fake_meta) as survivor:
            await eventually(lambda: bool(survivor.broker.of(ConversionDispatched)))
            attempts = await read_attempts(survivor.pool)

    assert [(each["number"], each["outcome"], each["code"]) for each in attempts] == [
        (1, "unknown", "interrupted"),
        (2, "dispatched", None),
    ]
    assert received(fake_meta) == {paid.payment_id: 2}
    assert fake_meta.report()["unique"] == 1


async def test_an_event_that_may_have_arrived_too_long_ago_is_not_repeated(
    postgres_dsn: str, shop: Shop, fake_meta: FakeMeta
) -> None:
    async with running_dispatch(postgres_dsn, fake_meta) as first:
        # Stop the sender's poll: only this test claims deliveries.
        await first.sender._loops.aclose()
        paid = shop.payment()
        await first.pay(paid)
        await first.pool.execute("UPDATE dispatch.deliveries SET state = 'pending'")
        [claim] = await DeliveryQueue(first.pool, CONVERSION_COLUMNS).claim(
            (shop.tenant_id, shop.destination_id), limit=1, now=datetime.now(UTC), lease=LEASE
        )
        assert claim.number == 1
    async with running_dispatch(postgres_dsn, fake_meta, clock=Later(timedelta(hours=47))) as later:
        await eventually(lambda: bool(later.broker.of(ConversionFailed)))

        [failed] = later.broker.of(ConversionFailed)
        assert failed.code == "unknown_too_long"
    assert received(fake_meta) == {}


async def test_an_expired_claim_changes_nothing(dispatch: Dispatch, shop: Shop) -> None:
    await dispatch.sender._loops.aclose()
    await dispatch.pay(shop.payment())
    await dispatch.pool.execute("UPDATE dispatch.deliveries SET state = 'pending'")
    queue, now = DeliveryQueue(dispatch.pool, CONVERSION_COLUMNS), datetime.now(UTC)
    key = (shop.tenant_id, shop.destination_id)
    sent = DeliveryAttempt(AttemptOutcome.DISPATCHED)
    done = NextStep(DeliveryState.DISPATCHED, now, 0, None)

    [first] = await queue.claim(key, limit=10, now=now, lease=LEASE)
    assert await queue.claim(key, limit=10, now=now + LEASE / 2, lease=LEASE) == []
    [second] = await queue.claim(key, limit=10, now=now + 2 * LEASE, lease=LEASE)

    assert await queue.settle([DeliveryResult(first, done, sent)], now=now) == []
    assert len(await queue.settle([DeliveryResult(second, done, sent)], now=now)) == 1
    assert second.maybe_sent_at == first.started_at
    attempts = await read_attempts(dispatch.pool)
    assert [(each["number"], each["outcome"]) for each in attempts] == [(1, "unknown"), (2, "dispatched")]


async def test_stopping_finishes_the_request_in_progress(postgres_dsn: str, shop: Shop, fake_meta: FakeMeta) -> None:
    fake_meta.inject(InjectedFault(latency_ms=300))
    async with running_dispatch(postgres_dsn, fake_meta) as dispatch:
        await dispatch.allow(shop.payment())
        await eventually(lambda: len(received(fake_meta)) == 1)
        pool = dispatch.pool
        await dispatch.sender.__aexit__(None, None, None)
        assert await pool.fetchval("SELECT state FROM dispatch.deliveries") == "dispatched"


async def test_a_payment_without_a_decision_is_sent_after_ten_minutes(
    dispatch: Dispatch, shop: Shop, fake_meta: FakeMeta
) -> None:
    paid = shop.payment()
    await dispatch.pay(paid)
    async with dispatch.pool.acquire() as connection:
        await release_undecided(connection, clock=Later(timedelta(minutes=9)))
        assert await dispatch.states() == {paid.payment_id: "held"}
        # It was released by a clock that is ahead, so it is not due yet by ours.
        await release_undecided(connection, clock=Later(timedelta(minutes=11)))
        await connection.execute("UPDATE dispatch.deliveries SET due_at = now()")

    await eventually(lambda: received(fake_meta) == {paid.payment_id: 1})
    await dispatch.relay.sweep(older_than=timedelta(0))
    assert [each.payment_id for each in dispatch.broker.of(ConversionMatched)] == [paid.payment_id]


async def test_a_delivery_that_becomes_too_old_behind_an_expired_token_fails(
    dispatch: Dispatch, shop: Shop, fake_meta: FakeMeta
) -> None:
    fake_meta.inject(InjectedFault(mode="expired_token"))
    await dispatch.allow(shop.payment())
    await eventually(lambda: fake_meta.datasets[DATASET].requests == 1)
    worker = dispatch.sender._workers[shop.tenant_id, shop.destination_id]
    await eventually(lambda: worker._idle.is_set() and not worker._woken.is_set())
    async with dispatch.pool.acquire() as connection:
        await _delivery_maintenance(Later(timedelta(days=7))).discard_expired(connection)

    await dispatch.relay.sweep(older_than=timedelta(0))
    [failed] = dispatch.broker.of(ConversionFailed)
    assert failed.code == "190/463"
    assert "The token has expired" in failed.reason


async def test_maintenance_deletes_old_rows_and_counts_waiting_deliveries(dispatch: Dispatch, shop: Shop) -> None:
    await dispatch.click(click_recorded(tenant_id=shop.tenant_id))
    await dispatch.pay(shop.payment())
    async with dispatch.pool.acquire() as connection:
        await _delivery_maintenance(Later(timedelta(0))).count_waiting(connection)
        await delete_old(connection, clock=Later(timedelta(days=100)))
        assert await connection.fetchval("SELECT count(*) FROM dispatch.decisions") == 0
        assert await connection.fetchval("SELECT count(*) FROM dispatch.clicks") == 0
    assert WAITING.labels("held")._value.get() == 1
