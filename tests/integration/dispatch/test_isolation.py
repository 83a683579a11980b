"""One destination's trouble is nobody else's, and nothing is sent twice whatever dies when."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from orylo_cli.demo.fake_meta import FakeMeta
from orylo_cli.demo.fake_meta.faults import InjectedFault
from orylo_common.messages import ConversionDispatched, ConversionFailed, ConversionMatched
from orylo_dispatch.delivery_queue import DeliveryQueue, Settlement
from orylo_dispatch.domain.attempt import Attempt, Outcome, State, Step
from orylo_dispatch.metrics import WAITING
from orylo_dispatch.upkeep import Upkeep
from tests.integration.dispatch.conftest import DATASET
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


async def test_an_expired_token_stops_one_destination_until_there_is_a_new_one(
    postgres_dsn: str, admin: asyncpg.Pool, shop: Shop, fake_meta: FakeMeta
) -> None:
    well = await open_shop(admin, "outra", OTHER)
    fake_meta.inject(InjectedFault(mode="expired_token", dataset_id=DATASET))
    async with running_dispatch(postgres_dsn, fake_meta) as dispatch:
        for number in range(20):
            await asyncio.gather(dispatch.allow(shop.payment(number)), dispatch.allow(well.payment(number)))
        await eventually(lambda: len(received(fake_meta, OTHER)) == 20)
        refused = fake_meta.datasets[DATASET].requests
        # One request found out; the next questions are harmless reads, which are not counted.
        assert refused == 1
        assert received(fake_meta) == {}
        assert dispatch.broker.of(ConversionFailed) == []

        fake_meta.inject(InjectedFault(dataset_id=DATASET))
        await put_token(admin, shop, "two\nlines")
        await eventually(lambda: _last_code(admin, "incomplete"))
        await put_token(admin, shop, "new-token")
        await eventually(lambda: len(received(fake_meta)) == 20)
        await eventually(lambda: len(dispatch.broker.of(ConversionDispatched)) == 40)

    outcomes = await admin.fetch("SELECT DISTINCT outcome, code FROM dispatch.attempts ORDER BY 1")
    assert {tuple(row) for row in outcomes} == {
        ("dispatched", None),
        ("token", "190/463"),
        ("configuration", "incomplete"),
    }


async def _last_code(admin: asyncpg.Pool, code: str) -> bool:
    return bool(await admin.fetchval("SELECT code FROM dispatch.attempts ORDER BY at DESC LIMIT 1") == code)


async def test_a_token_that_works_again_is_noticed_without_a_change(
    dispatch: Dispatch, shop: Shop, fake_meta: FakeMeta
) -> None:
    fake_meta.inject(InjectedFault(mode="expired_token"))
    await dispatch.allow(shop.payment())
    await eventually(lambda: fake_meta.datasets[DATASET].requests == 1)
    fake_meta.inject(InjectedFault())

    await eventually(lambda: len(received(fake_meta)) == 1)


async def test_a_destination_that_hangs_delays_no_other(
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
        # The one that hangs was not given up meanwhile, which would have been followed by another.
        worker = dispatch.sender._workers[shop.tenant_id, shop.destination_id]
        assert worker._task is not None
        assert (worker._task.done(), fake_meta.datasets[DATASET].requests) == (False, 1)
        fake_meta.inject(InjectedFault(dataset_id=DATASET))


async def test_killed_between_sending_and_recording_the_same_event_is_repeated(
    postgres_dsn: str, shop: Shop, fake_meta: FakeMeta
) -> None:
    fake_meta.inject(InjectedFault(latency_ms=60_000))
    paid = shop.payment()
    async with running_dispatch(postgres_dsn, fake_meta, limits=replace(LIMITS, lease=LEASE)) as killed:
        await killed.allow(paid)
        await eventually(lambda: received(fake_meta) == {paid.payment_id: 1})
        # What kill -9 does: nothing after the request runs.
        worker = killed.sender._workers[shop.tenant_id, shop.destination_id]
        assert worker._task is not None
        worker._closing = True
        worker._task.cancel()
        await asyncio.gather(worker._task, return_exceptions=True)
        fake_meta.inject(InjectedFault())

        async with running_dispatch(postgres_dsn, fake_meta) as survivor:
            await eventually(lambda: bool(survivor.broker.of(ConversionDispatched)))
            attempts = await survivor.pool.fetch(
                "SELECT attempt_number, outcome, code FROM dispatch.attempts ORDER BY attempt_number"
            )

    assert [tuple(row) for row in attempts] == [(1, "unknown", "interrupted"), (2, "dispatched", None)]
    assert received(fake_meta) == {paid.payment_id: 2}
    assert fake_meta.report()["unique"] == 1


async def test_what_may_have_arrived_too_long_ago_is_not_repeated(
    postgres_dsn: str, shop: Shop, fake_meta: FakeMeta
) -> None:
    async with running_dispatch(postgres_dsn, fake_meta) as first:
        # So that only this test's own claims are made.
        first.sender._closing.set()
        paid = shop.payment()
        await first.pay(paid)
        await first.pool.execute("UPDATE dispatch.deliveries SET state = 'pending'")
        [claim] = await DeliveryQueue(first.pool).claim(
            (shop.tenant_id, shop.destination_id), limit=1, now=datetime.now(UTC), lease=LEASE
        )
        assert claim.number == 1
    async with running_dispatch(postgres_dsn, fake_meta, clock=Later(timedelta(hours=47))) as later:
        await eventually(lambda: bool(later.broker.of(ConversionFailed)))

        [failed] = later.broker.of(ConversionFailed)
        assert failed.code == "unknown_too_long"
    assert received(fake_meta) == {}


async def test_a_claim_that_ran_out_changes_nothing_any_more(dispatch: Dispatch, shop: Shop) -> None:
    dispatch.sender._closing.set()
    await dispatch.pay(shop.payment())
    await dispatch.pool.execute("UPDATE dispatch.deliveries SET state = 'pending'")
    queue, now, key = DeliveryQueue(dispatch.pool), datetime.now(UTC), (shop.tenant_id, shop.destination_id)
    sent = Attempt(Outcome.DISPATCHED)
    done = Step(State.DISPATCHED, now, 0, None)

    [first] = await queue.claim(key, limit=10, now=now, lease=LEASE)
    assert await queue.claim(key, limit=10, now=now + LEASE / 2, lease=LEASE) == []
    [second] = await queue.claim(key, limit=10, now=now + 2 * LEASE, lease=LEASE)

    assert await queue.settle([Settlement(first, done, sent)], now=now) == []
    assert len(await queue.settle([Settlement(second, done, sent)], now=now)) == 1
    assert second.maybe_sent_at == first.started_at
    outcomes = await dispatch.pool.fetch("SELECT attempt_number, outcome FROM dispatch.attempts ORDER BY 1")
    assert [tuple(row) for row in outcomes] == [(1, "unknown"), (2, "dispatched")]


async def test_stopping_finishes_the_request_in_hand(postgres_dsn: str, shop: Shop, fake_meta: FakeMeta) -> None:
    fake_meta.inject(InjectedFault(latency_ms=300))
    async with running_dispatch(postgres_dsn, fake_meta) as dispatch:
        await dispatch.allow(shop.payment())
        await eventually(lambda: len(received(fake_meta)) == 1)
        pool = dispatch.pool
        await dispatch.sender.__aexit__(None, None, None)
        assert await pool.fetchval("SELECT state FROM dispatch.deliveries") == "dispatched"


async def test_a_payment_nobody_decides_on_is_sent_after_a_while(
    dispatch: Dispatch, shop: Shop, fake_meta: FakeMeta
) -> None:
    paid = shop.payment()
    await dispatch.pay(paid)
    async with dispatch.pool.acquire() as connection:
        await Upkeep(Later(timedelta(minutes=9))).release_undecided(connection)
        assert await dispatch.states() == {paid.payment_id: "held"}
        # Due at once by the clock that let it go.
        await Upkeep(Later(timedelta(minutes=11))).release_undecided(connection)
        await connection.execute("UPDATE dispatch.deliveries SET due_at = now()")

    await eventually(lambda: received(fake_meta) == {paid.payment_id: 1})
    await dispatch.relay.sweep(older_than=timedelta(0))
    assert [each.payment_id for each in dispatch.broker.of(ConversionMatched)] == [paid.payment_id]


async def test_what_grows_too_old_behind_a_dead_token_is_told(
    dispatch: Dispatch, shop: Shop, fake_meta: FakeMeta
) -> None:
    fake_meta.inject(InjectedFault(mode="expired_token"))
    await dispatch.allow(shop.payment())
    await eventually(lambda: fake_meta.datasets[DATASET].requests == 1)
    worker = dispatch.sender._workers[shop.tenant_id, shop.destination_id]
    await eventually(lambda: worker._task is not None and worker._task.done())
    async with dispatch.pool.acquire() as connection:
        upkeep = Upkeep(Later(timedelta(days=7)))
        await upkeep.give_up_old(connection)

    await dispatch.relay.sweep(older_than=timedelta(0))
    [failed] = dispatch.broker.of(ConversionFailed)
    assert failed.code == "190/463"
    assert "The token has expired" in failed.reason


async def test_upkeep_forgets_and_counts(dispatch: Dispatch, shop: Shop) -> None:
    await dispatch.click(click_recorded(tenant_id=shop.tenant_id))
    await dispatch.pay(shop.payment())
    async with dispatch.pool.acquire() as connection:
        await Upkeep(Later(timedelta(0))).count_waiting(connection)
        await Upkeep(Later(timedelta(days=100))).forget_old(connection)
        assert await connection.fetchval("SELECT count(*) FROM dispatch.decisions") == 0
        assert await connection.fetchval("SELECT count(*) FROM dispatch.clicks") == 0
    assert WAITING.labels("held")._value.get() == 1
