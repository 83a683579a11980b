"""From a payment and a decision to Meta, on real PostgreSQL."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from orylo_cli.demo.fake_meta import FakeMeta
from orylo_cli.demo.fake_meta.faults import InjectedFault
from orylo_common.control.sections.dispatch import DispatchPolicy
from orylo_common.control.sections.store import write_section
from orylo_common.messages import (
    ConversionDispatched,
    ConversionFailed,
    ConversionMatched,
    ConversionRedriveRequested,
    ConversionSuppressed,
    Decision,
    DestinationStatusChanged,
    Tracking,
)
from orylo_dispatch.handlers import redrive_conversion
from tests.integration.dispatch.conftest import DATASET, read_attempts
from tests.integration.dispatch.running import Dispatch, Shop, put_token, running_dispatch
from tests.support.actors import ACTOR
from tests.support.eventually import eventually
from tests.unit.dispatch.cases import CLICK_ID, click_recorded, detection

pytestmark = pytest.mark.integration


def received(meta: FakeMeta, dataset_id: str = DATASET) -> dict[str, int]:
    """Return how often Meta received each event."""
    counts: dict[str, int] = meta.datasets[dataset_id].report()["event_ids"]
    return counts


def latest(meta: FakeMeta) -> dict[str, Any]:
    return dict(meta.datasets[DATASET].latest[-1])


async def test_a_decided_payment_is_matched_and_sent(dispatch: Dispatch, shop: Shop, fake_meta: FakeMeta) -> None:
    now = datetime.now(UTC)
    clicked = click_recorded(tenant_id=shop.tenant_id, occurred_at=now - timedelta(hours=1))
    paid = shop.payment(tracking=Tracking(sck=f"fb|{CLICK_ID}"))

    await dispatch.click(clicked)
    await dispatch.allow(paid)
    await eventually(lambda: bool(dispatch.broker.of(ConversionDispatched)))

    event = latest(fake_meta)
    assert event["event_id"] == paid.payment_id
    assert event["event_source_url"] == "https://shop.example/offer"
    assert event["user_data"]["fbc"] == f"fb.1.{int(clicked.occurred_at.timestamp()) * 1000}.IwAR0-_x"
    assert event["user_data"]["client_user_agent"] == clicked.user_agent
    [matched], [sent] = dispatch.broker.of(ConversionMatched), dispatch.broker.of(ConversionDispatched)
    assert (sent.match.method, sent.match.confidence, sent.match.click_id) == ("click_id", 1.0, CLICK_ID)
    assert (sent.conversion_id, sent.attempts, sent.destination) == (matched.conversion_id, 1, "meta")
    [attempt] = await read_attempts(dispatch.pool)
    assert (attempt["outcome"], attempt["number"]) == ("dispatched", 1)
    assert attempt["trace_id"]
    assert attempt["duration_ms"] >= 0
    # It needs no row of its own.
    assert await dispatch.pool.fetchval("SELECT count(*) FROM dispatch.attempts") == 0


@pytest.mark.parametrize("first", ["payment", "decision", "both"])
async def test_payment_and_decision_can_arrive_in_either_order(
    dispatch: Dispatch, shop: Shop, fake_meta: FakeMeta, first: str
) -> None:
    paid = shop.payment()
    if first == "payment":
        await dispatch.pay(paid)
        assert await dispatch.states() == {paid.payment_id: "held"}
        await dispatch.decide(detection(paid))
    elif first == "decision":
        await dispatch.decide(detection(paid))
        assert await dispatch.states() == {}
        await dispatch.pay(paid)
    else:
        await asyncio.gather(dispatch.decide(detection(paid)), dispatch.pay(paid))

    await eventually(lambda: received(fake_meta) == {paid.payment_id: 1})


@pytest.mark.parametrize("first", ["payment", "decision"])
async def test_a_blocked_payment_is_suppressed(dispatch: Dispatch, shop: Shop, fake_meta: FakeMeta, first: str) -> None:
    blocked, allowed = shop.payment(1), shop.payment(2)
    steps = [dispatch.pay(blocked), dispatch.decide(detection(blocked, Decision.BLOCK))]
    for step in steps if first == "payment" else reversed(steps):
        await step
    await dispatch.allow(allowed)

    await eventually(lambda: received(fake_meta) == {allowed.payment_id: 1})
    await eventually(
        lambda: bool(dispatch.broker.of(ConversionSuppressed) and dispatch.broker.of(ConversionDispatched))
    )
    assert await dispatch.states() == {blocked.payment_id: "suppressed", allowed.payment_id: "dispatched"}
    [suppressed] = dispatch.broker.of(ConversionSuppressed)
    assert (suppressed.payment_id, suppressed.reason) == (blocked.payment_id, "blocked")


async def test_a_block_from_before_the_first_destination_still_applies(
    dispatch: Dispatch, admin: asyncpg.Pool, shop: Shop
) -> None:
    await admin.execute("DELETE FROM control.destinations")
    await eventually(lambda: not dispatch.plane.destinations(shop.tenant_id))
    blocked = shop.payment()
    await dispatch.decide(detection(blocked, Decision.BLOCK))

    await put_token(admin, shop, "token")
    await eventually(lambda: bool(dispatch.plane.destinations(shop.tenant_id)))
    await dispatch.pay(blocked)

    assert await dispatch.states() == {blocked.payment_id: "suppressed"}


async def test_an_unreadable_conversion_fails_and_the_others_of_its_destination_are_sent(
    dispatch: Dispatch, admin: asyncpg.Pool, shop: Shop
) -> None:
    unreadable, other = shop.payment(1), shop.payment(2)
    await dispatch.pay(unreadable)
    await admin.execute("""UPDATE dispatch.deliveries SET conversion = '{"amount_minor": "much"}'""")
    await dispatch.pay(other)
    for paid in (unreadable, other):
        await dispatch.decide(detection(paid))
    await eventually(lambda: bool(dispatch.broker.of(ConversionFailed) and dispatch.broker.of(ConversionDispatched)))

    assert await dispatch.states() == {unreadable.payment_id: "failed", other.payment_id: "dispatched"}
    [failed] = dispatch.broker.of(ConversionFailed)
    assert (failed.code, failed.reason) == ("unreadable", "The stored conversion cannot be read.")


async def test_a_conversion_waits_while_the_token_of_its_destination_is_undecryptable(
    dispatch: Dispatch, admin: asyncpg.Pool, shop: Shop, fake_meta: FakeMeta
) -> None:
    stored = await admin.fetchval("SELECT secret_encrypted FROM control.destinations")
    await admin.execute("UPDATE control.destinations SET secret_encrypted = 'foreign'")
    await eventually(lambda: [each.secret for each in dispatch.plane.destinations(shop.tenant_id)] == [""])
    paid = shop.payment()
    await dispatch.allow(paid)
    await eventually(lambda: bool(dispatch.broker.of(DestinationStatusChanged)))
    [held] = dispatch.broker.of(DestinationStatusChanged)
    assert (held.status, held.code) == ("on_hold", "token_undecryptable")
    assert "enter it again" in (held.reason or "")
    assert await dispatch.states() == {paid.payment_id: "pending"}
    assert fake_meta.datasets == {}

    await admin.execute("UPDATE control.destinations SET secret_encrypted = $1", stored)
    await eventually(lambda: bool(dispatch.broker.of(ConversionDispatched)))
    assert [each.status for each in dispatch.broker.of(DestinationStatusChanged)] == ["on_hold", "active"]


async def test_a_tenant_can_choose_to_send_blocked_payments(
    postgres_dsn: str, admin: asyncpg.Pool, shop: Shop, fake_meta: FakeMeta
) -> None:
    async with admin.acquire() as connection:
        await write_section(connection, shop.tenant_id, DispatchPolicy(send_blocked=True), actor=ACTOR)
    async with running_dispatch(postgres_dsn, fake_meta) as dispatch:
        paid = shop.payment()
        await dispatch.pay(paid)
        await dispatch.decide(detection(paid, Decision.BLOCK))
        await eventually(lambda: received(fake_meta) == {paid.payment_id: 1})


async def test_a_test_event_of_a_gateways_panel_is_suppressed(dispatch: Dispatch, shop: Shop) -> None:
    paid = shop.payment(test=True)
    await dispatch.allow(paid)

    await eventually(lambda: [each.reason for each in dispatch.broker.of(ConversionSuppressed)] == ["test"])
    assert await dispatch.states() == {paid.payment_id: "suppressed"}
    assert dispatch.broker.of(ConversionMatched) == []


async def test_repeated_messages_in_two_replicas_send_each_conversion_once(
    postgres_dsn: str, shop: Shop, fake_meta: FakeMeta
) -> None:
    payments = [shop.payment(number) for number in range(200)]
    async with running_dispatch(postgres_dsn, fake_meta) as one, running_dispatch(postgres_dsn, fake_meta) as two:
        replicas = (one, two)
        await asyncio.gather(
            *(replica.pay(paid) for paid in payments for replica in replicas * 3),
            *(replica.decide(detection(paid)) for paid in payments for replica in replicas * 3),
        )
        await eventually(lambda: len(received(fake_meta)) == 200)
        await eventually(lambda: sum(len(replica.broker.of(ConversionDispatched)) for replica in (one, two)) == 200)
        assert set((await one.states()).values()) == {"dispatched"}
        matched = [each.conversion_id for replica in (one, two) for each in replica.broker.of(ConversionMatched)]

    assert set(received(fake_meta).values()) == {1}
    assert len(matched) == len(set(matched)) == 200


async def test_one_bad_event_among_a_hundred_does_not_stop_the_others(
    dispatch: Dispatch, shop: Shop, fake_meta: FakeMeta
) -> None:
    payments = [shop.payment(number) for number in range(100)]
    bad = payments[61]
    fake_meta.inject(InjectedFault(refuse_event_ids=frozenset({bad.payment_id}), refuse_subcode=2804050))

    # In this order one commit releases all of them, so they form one batch.
    await asyncio.gather(*(dispatch.decide(detection(paid)) for paid in payments))
    await asyncio.gather(*(dispatch.pay(paid) for paid in payments))
    await eventually(lambda: len(dispatch.broker.of(ConversionDispatched)) == 99)
    await eventually(lambda: len(dispatch.broker.of(ConversionFailed)) == 1)

    assert received(fake_meta) == {paid.payment_id: 1 for paid in payments if paid is not bad}
    [failed] = dispatch.broker.of(ConversionFailed)
    assert (failed.payment_id, failed.code, failed.attempts) == (bad.payment_id, "100/2804050", 1)
    assert "Too little is known about the buyer." in failed.reason
    assert fake_meta.datasets[DATASET].requests <= 20


async def test_an_event_that_meta_would_refuse_is_not_sent(dispatch: Dispatch, shop: Shop, fake_meta: FakeMeta) -> None:
    old = shop.payment(occurred_at=datetime.now(UTC) - timedelta(days=8))
    await dispatch.allow(old)

    await eventually(lambda: [each.code for each in dispatch.broker.of(ConversionFailed)] == ["too_old"])
    assert fake_meta.datasets[DATASET].requests == 0


async def test_an_outage_of_meta_opens_the_breaker_and_all_conversions_arrive_afterwards(
    dispatch: Dispatch, shop: Shop, fake_meta: FakeMeta
) -> None:
    fake_meta.inject(InjectedFault(mode="down"))
    payments = [shop.payment(number) for number in range(50)]
    await asyncio.gather(*(dispatch.allow(paid) for paid in payments))
    worker = dispatch.sender._workers[shop.tenant_id, shop.destination_id]
    await eventually(lambda: worker._breaker.state == "open")
    requests, seen_at = fake_meta.datasets[DATASET].requests, asyncio.get_running_loop().time()

    await eventually(lambda: fake_meta.datasets[DATASET].requests >= requests + 4)
    # Only probes: between the first, which may come at once, and the fourth lie three recovery times.
    assert asyncio.get_running_loop().time() - seen_at > 1.1
    fake_meta.inject(InjectedFault())
    await eventually(lambda: len(dispatch.broker.of(ConversionDispatched)) == 50)

    assert received(fake_meta) == {paid.payment_id: 1 for paid in payments}
    assert dispatch.broker.of(ConversionFailed) == []


async def test_a_throttled_destination_is_not_called_for_as_long_as_it_asks(
    dispatch: Dispatch, shop: Shop, fake_meta: FakeMeta
) -> None:
    fake_meta.inject(InjectedFault(mode="throttled", code=4, retry_after_seconds=90))
    await dispatch.allow(shop.payment(1))
    await eventually(lambda: fake_meta.datasets[DATASET].requests == 1)
    fake_meta.inject(InjectedFault())
    await dispatch.allow(shop.payment(2))
    worker = dispatch.sender._workers[shop.tenant_id, shop.destination_id]
    await eventually(lambda: worker._idle.is_set() and not worker._woken.is_set())

    row = await dispatch.pool.fetchrow("SELECT outcome, code FROM dispatch.attempts")
    assert row is not None
    assert (row["outcome"], row["code"]) == ("throttled", "4/2446079")
    wait = await dispatch.pool.fetchval("SELECT max(due_at) - now() FROM dispatch.deliveries")
    assert timedelta(seconds=100) < wait <= timedelta(seconds=120)
    assert received(fake_meta) == {}


async def test_the_conversion_of_a_blocked_payment_is_sent_only_if_a_person_asks_for_just_that(
    dispatch: Dispatch, shop: Shop, fake_meta: FakeMeta
) -> None:
    paid = shop.payment()
    await dispatch.pay(paid)
    await dispatch.decide(detection(paid, Decision.BLOCK))
    await eventually(lambda: bool(dispatch.broker.of(ConversionSuppressed)))
    request = ConversionRedriveRequested(
        message_id=uuid4(),
        tenant_id=shop.tenant_id,
        correlation_id=uuid4(),
        occurred_at=datetime.now(UTC),
        conversion_id=dispatch.broker.of(ConversionSuppressed)[0].conversion_id,
        actor="ana",
    )

    # A replay of failed conversions does not lift the block.
    await redrive_conversion(request, recorder=dispatch.recorder)
    assert await dispatch.pool.fetchval("SELECT state FROM dispatch.deliveries") == "suppressed"
    anyway = request.model_copy(update={"message_id": uuid4(), "although_blocked": True})
    stranger = anyway.model_copy(update={"tenant_id": uuid4(), "message_id": uuid4()})
    for asked in (stranger, anyway, anyway):
        await redrive_conversion(asked, recorder=dispatch.recorder)

    await eventually(lambda: [each.attempts for each in dispatch.broker.of(ConversionDispatched)] == [1])
    assert received(fake_meta) == {paid.payment_id: 1}


async def test_a_failed_conversion_is_sent_again_on_request(
    dispatch: Dispatch, shop: Shop, fake_meta: FakeMeta
) -> None:
    paid = shop.payment()
    fake_meta.inject(InjectedFault(refuse_event_ids=frozenset({paid.payment_id})))
    await dispatch.allow(paid)
    await eventually(lambda: bool(dispatch.broker.of(ConversionFailed)))
    fake_meta.inject(InjectedFault())

    request = ConversionRedriveRequested(
        message_id=uuid4(),
        tenant_id=shop.tenant_id,
        correlation_id=uuid4(),
        occurred_at=datetime.now(UTC),
        conversion_id=dispatch.broker.of(ConversionFailed)[0].conversion_id,
        actor="ana",
    )
    stranger = request.model_copy(update={"tenant_id": uuid4(), "message_id": uuid4()})
    for asked in (stranger, request, request):
        await redrive_conversion(asked, recorder=dispatch.recorder)

    await eventually(lambda: [each.attempts for each in dispatch.broker.of(ConversionDispatched)] == [2])
    assert received(fake_meta) == {paid.payment_id: 1}
