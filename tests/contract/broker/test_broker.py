"""The contract of the broker port, run against every adapter."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta

import pytest

from orylo_common.broker.ports import Broker, BrokerUnavailable, Delivery, Outgoing, QueueSubscription
from orylo_common.broker.topology import DELIVERY_LIMIT, POISON, QUEUES, dead_letter_queue, queues_for
from orylo_common.ids import uuid7
from tests.contract.broker.conftest import Bus
from tests.support.eventually import eventually

SUCCEEDED = "payment.succeeded.v1"
# Bound to the queues detector and api only.
CREATED = "payment.created.v1"
# Only a failing test waits this long.
SOON = timedelta(seconds=45)
NOW = timedelta(milliseconds=300)
QUEUE = "detector"
DLQ = dead_letter_queue(QUEUE)


def outgoing(*texts: str, message_type: str = SUCCEEDED) -> list[Outgoing]:
    return [Outgoing(uuid7(), message_type, text.encode()) for text in texts]


@asynccontextmanager
async def subscribed(broker: Broker, queue: str = QUEUE, prefetch: int = 100) -> AsyncIterator[QueueSubscription]:
    subscription = await broker.subscribe(queue, prefetch=prefetch)
    try:
        yield subscription
    finally:
        await subscription.close()


async def collect(subscription: QueueSubscription, count: int, *, limit: int = 100) -> list[Delivery]:
    """Receive until there are `count` different messages. Fail the test if they do not come."""
    deliveries: list[Delivery] = []
    give_up = time.monotonic() + SOON.total_seconds()
    while len(seen := {delivery.body for delivery in deliveries}) < count:
        assert time.monotonic() < give_up, f"{len(seen)} of {count} came"
        deliveries += await subscription.receive(limit, SOON)
    return deliveries


async def first_of(*subscriptions: QueueSubscription) -> tuple[Delivery, QueueSubscription, QueueSubscription]:
    """Return a delivery, the subscription that received it, and the other one."""
    give_up = time.monotonic() + SOON.total_seconds()
    while time.monotonic() < give_up:
        for holder, rival in (subscriptions, reversed(subscriptions)):
            for delivery in await holder.receive(1, NOW):
                return delivery, holder, rival
    pytest.fail("neither got it")


async def one(subscription: QueueSubscription) -> Delivery:
    (delivery,) = await collect(subscription, 1, limit=1)
    return delivery


async def test_a_batch_reaches_every_queue_bound_to_its_types_and_no_other(bus: Bus) -> None:
    texts = [f"m{n:03}" for n in range(120)]
    await bus.broker.publish(outgoing(*texts) + outgoing("created", message_type=CREATED))

    assert {"detector", "trust", "dispatch", "api"} == set(queues_for(SUCCEEDED))
    for queue in QUEUES:
        expected = (texts if queue in queues_for(SUCCEEDED) else []) + (
            ["created"] if queue in queues_for(CREATED) else []
        )
        async with subscribed(bus.broker, queue, prefetch=200) as subscription:
            deliveries = await collect(subscription, len(expected))
            assert bus.bodies(deliveries) == sorted(expected)
            assert bus.name == "sqs" or {delivery.delivery_count for delivery in deliveries} <= {1}
            assert {delivery.dead_letter for delivery in deliveries} <= {None}
            await subscription.ack(deliveries)
            assert not await subscription.receive(1, NOW)


async def test_a_type_without_a_queue_is_confirmed(bus: Bus) -> None:
    await bus.broker.publish(outgoing("lost", message_type="nobody.listens.v1"))

    assert set((await bus.broker.depths(QUEUES)).values()) == {0}


async def test_an_empty_batch_is_published(bus: Bus) -> None:
    await bus.broker.publish([])


async def test_large_bodies_and_any_bytes_arrive_unchanged(bus: Bus) -> None:
    # SQS allows 256 KiB of text in one request.
    body = ('{"text":"' + "ação\u2028" * 15_000 + '"}').encode()
    await bus.broker.publish([Outgoing(uuid7(), SUCCEEDED, body)])

    async with subscribed(bus.broker) as subscription:
        assert (await one(subscription)).body == body


async def test_a_waiting_receive_returns_as_soon_as_a_message_arrives(bus: Bus) -> None:
    async with subscribed(bus.broker) as subscription:
        waiting = asyncio.create_task(subscription.receive(1, timedelta(minutes=10)))
        await asyncio.sleep(0.1)
        await (await bus.connect()).publish(outgoing("hello"))

        async with asyncio.timeout(SOON.total_seconds()):
            assert bus.bodies(await waiting) == ["hello"]


async def test_a_receive_without_messages_ends_in_time(bus: Bus) -> None:
    async with subscribed(bus.broker) as subscription:
        started = time.monotonic()
        assert not await subscription.receive(1, timedelta(seconds=1))
        assert 0.9 < time.monotonic() - started < 30


async def test_competing_consumers_receive_different_messages(bus: Bus) -> None:
    other = await bus.connect()
    async with subscribed(bus.broker, prefetch=30) as first, subscribed(other, prefetch=30) as second:
        texts = [f"m{n:03}" for n in range(200)]
        await bus.broker.publish(outgoing(*texts))
        seen: dict[QueueSubscription, list[Delivery]] = {first: [], second: []}

        async def consume(subscription: QueueSubscription) -> None:
            while len({delivery.body for held in seen.values() for delivery in held}) < 200:
                if deliveries := await subscription.receive(10, timedelta(seconds=1)):
                    seen[subscription] += deliveries
                    # Both must receive a message before either continues: there are more than both may hold.
                    await eventually(lambda: all(seen.values()))
                    await subscription.ack(deliveries)

        async with asyncio.timeout(2 * SOON.total_seconds()):
            await asyncio.gather(consume(first), consume(second))

        assert bus.bodies(seen[first] + seen[second]) == texts


async def test_no_more_than_the_prefetch_count_are_unsettled(bus: Bus) -> None:
    await bus.broker.publish(outgoing(*"abcde"))
    async with subscribed(bus.broker, prefetch=3) as subscription:
        held = await collect(subscription, 3)
        assert not await subscription.receive(5, NOW)
        await subscription.ack(held[:2])
        assert len(await collect(subscription, 2)) == 2


async def test_a_cut_connection_redelivers_the_message_and_counts_it(bus: Bus) -> None:
    other = await bus.connect()
    async with subscribed(bus.broker) as one_of_two, subscribed(other) as other_of_two:
        await bus.broker.publish(outgoing("precious"))
        held, holder, rival = await first_of(one_of_two, other_of_two)
        assert held.delivery_count == 1

        await bus.cut(holder)

        again = await one(rival)
        assert (again.body, again.delivery_count) == (b"precious", 2)
        await rival.ack([again])
        assert await bus.broker.depths([QUEUE]) == {QUEUE: 0}


async def test_a_lost_subscription_raises_and_ignores_late_acks(bus: Bus) -> None:
    if bus.name == "sqs":
        pytest.skip("SQS has no connection that could be lost")
    await bus.broker.publish(outgoing("precious"))
    doomed = await bus.broker.subscribe(QUEUE, prefetch=10)
    held = await one(doomed)
    await bus.cut(doomed)

    async def lost() -> bool:
        try:
            await doomed.receive(1, NOW)
        except BrokerUnavailable:
            return True
        return False

    await eventually(lost)
    with suppress(BrokerUnavailable):
        await doomed.ack([held])
    await doomed.close()
    async with subscribed(bus.broker) as anew:
        assert (await one(anew)).delivery_count == 2


async def test_a_retry_is_delivered_after_its_delay_and_delays_no_other_message(bus: Bus) -> None:
    async with subscribed(bus.broker) as subscription:
        await bus.broker.publish(outgoing("late"))
        await subscription.retry(await one(subscription), timedelta(minutes=30))
        await bus.broker.publish(outgoing("failing"))
        started = time.monotonic()
        # Long enough that a pause of the machine does not deliver both at once.
        await subscription.retry(await one(subscription), timedelta(seconds=4))
        await bus.broker.publish(outgoing("fresh"))

        first, second = await collect(subscription, 2)
        assert bus.bodies([first]) == ["fresh"]
        assert (second.body, second.delivery_count) == (b"failing", 2)
        assert 3.9 < time.monotonic() - started < SOON.total_seconds()
        assert await bus.broker.depths([QUEUE]) == {QUEUE: 1}


async def test_retries_and_crashes_both_count_as_attempts(bus: Bus) -> None:
    await bus.broker.publish(outgoing("unlucky"))
    for attempt, cut in enumerate((False, True, False, True), start=1):
        async with subscribed(bus.broker) as subscription:
            delivery = await one(subscription)
            assert delivery.delivery_count == attempt
            if cut:
                await bus.cut(subscription)
            else:
                await subscription.retry(delivery, timedelta(milliseconds=100))
    async with subscribed(bus.broker) as subscription:
        assert (await one(subscription)).delivery_count == 5


async def test_a_dead_letter_has_its_reason_attempts_and_first_failure(bus: Bus) -> None:
    started = datetime.now(UTC) - timedelta(seconds=1)
    async with subscribed(bus.broker) as subscription, subscribed(bus.broker, DLQ) as dead_letters:
        await bus.broker.publish(outgoing("at first sight", "after a retry"))
        for delivery in await collect(subscription, 2):
            if delivery.body == b"after a retry":
                await subscription.retry(delivery, timedelta(milliseconds=50))
                again = await one(subscription)
                between = datetime.now(UTC) + timedelta(seconds=1)
                await subscription.dead_letter(again, "gave up: ação, 2 attempts")
            else:
                await subscription.dead_letter(delivery, "no such thing")

        letters = {letter.body.decode(): letter for letter in await collect(dead_letters, 2)}
        infos = {body: letter.dead_letter for body, letter in letters.items()}
        assert {(d.queue, d.reason, d.attempts) for d in infos.values() if d} == {
            (QUEUE, "no such thing", 1),
            (QUEUE, "gave up: ação, 2 attempts", 2),
        }
        retried = infos["after a retry"]
        assert retried
        assert started < retried.first_failed_at < between
        assert await bus.broker.depths([QUEUE]) == {QUEUE: 0}
        await dead_letters.ack(list(letters.values()))
        assert await bus.broker.depths([DLQ]) == {DLQ: 0}


async def test_a_dead_letter_keeps_its_details_after_a_retry_or_a_cut(bus: Bus) -> None:
    async with subscribed(bus.broker) as subscription:
        await bus.broker.publish(outgoing("bad"))
        await subscription.dead_letter(await one(subscription), "broken")
    async with subscribed(bus.broker, DLQ) as dead_letters:
        letter = await one(dead_letters)
        await dead_letters.retry(letter, timedelta(milliseconds=50))
        again = await one(dead_letters)
        assert (again.body, again.dead_letter, again.delivery_count) == (b"bad", letter.dead_letter, 2)
        await bus.cut(dead_letters)
    async with subscribed(bus.broker, DLQ) as dead_letters:
        again = await one(dead_letters)
        assert (again.body, again.dead_letter, again.delivery_count) == (b"bad", letter.dead_letter, 3)


async def test_a_message_that_kills_every_consumer_is_dead_lettered_at_the_delivery_limit(bus: Bus) -> None:
    await bus.broker.publish(outgoing("poison"))
    counts = []
    async with subscribed(bus.broker, DLQ) as dead_letters:
        while not (letters := await dead_letters.receive(1, timedelta(milliseconds=50))):
            async with subscribed(bus.broker) as subscription:
                if deliveries := await subscription.receive(1, timedelta(seconds=3)):
                    counts.append(deliveries[0].delivery_count)
                    await bus.cut(subscription)
            assert len(counts) <= DELIVERY_LIMIT

        assert counts == list(range(1, DELIVERY_LIMIT + 1))
        (letter,) = letters
        assert letter.dead_letter
        assert (letter.body, letter.delivery_count) == (b"poison", 1)
        assert (letter.dead_letter.queue, letter.dead_letter.reason, letter.dead_letter.attempts) == (
            QUEUE,
            POISON,
            DELIVERY_LIMIT,
        )


async def test_retries_count_towards_the_delivery_limit(bus: Bus) -> None:
    await bus.broker.publish(outgoing("stubborn"))
    async with subscribed(bus.broker) as subscription, subscribed(bus.broker, DLQ) as dead_letters:
        for _ in range(DELIVERY_LIMIT):
            await subscription.retry(await one(subscription), timedelta())
        assert not await subscription.receive(1, timedelta(seconds=2))
        letter = await one(dead_letters)
        assert letter.dead_letter
        assert letter.dead_letter.attempts == DELIVERY_LIMIT


async def test_a_released_message_is_redelivered_at_once_and_not_counted(bus: Bus) -> None:
    other = await bus.connect()
    async with subscribed(bus.broker, prefetch=10) as subscription:
        await bus.broker.publish(outgoing(*"abc"))
        for _ in range(3):
            held = await collect(subscription, 3)
            assert {delivery.delivery_count for delivery in held} == {1}
            await subscription.release(held)
        held = await collect(subscription, 3)
        async with subscribed(other) as rival:
            await subscription.release(held)
            await subscription.close()
            again = await collect(rival, 3)
            assert bus.bodies(again) == ["a", "b", "c"]
            assert {delivery.delivery_count for delivery in again} == {1}


async def test_a_release_keeps_the_attempts_before_it(bus: Bus) -> None:
    async with subscribed(bus.broker) as subscription:
        await bus.broker.publish(outgoing("a"))
        await subscription.retry(await one(subscription), timedelta(milliseconds=10))
        await subscription.release([await one(subscription)])
        assert (await one(subscription)).delivery_count == 2


async def test_closing_releases_unsettled_and_prefetched_messages(bus: Bus) -> None:
    await bus.broker.publish(outgoing(*"abcdef"))
    leaving = await bus.broker.subscribe(QUEUE, prefetch=10)
    (held,) = await collect(leaving, 1, limit=1)
    await leaving.close()
    await leaving.close()

    async with subscribed(bus.broker) as subscription:
        again = await collect(subscription, 6)
        assert bus.bodies(again) == list("abcdef")
        assert {delivery.delivery_count for delivery in again} == {1}
        assert held.body in {delivery.body for delivery in again}


async def test_closing_ends_a_waiting_receive(bus: Bus) -> None:
    subscription = await bus.broker.subscribe(QUEUE, prefetch=10)
    waiting = asyncio.create_task(subscription.receive(1, timedelta(minutes=10)))
    await asyncio.sleep(0.1)
    await subscription.close()
    async with asyncio.timeout(SOON.total_seconds()):
        assert not await waiting
    with pytest.raises(BrokerUnavailable):
        await subscription.receive(1, NOW)


async def test_a_stopped_subscription_settles_delivered_messages_and_releases_the_rest(bus: Bus) -> None:
    await bus.broker.publish(outgoing(*"abc"))
    async with subscribed(bus.broker, prefetch=10) as stopped:
        held = await one(stopped)
        await stopped.stop()
        with pytest.raises(BrokerUnavailable):
            await stopped.receive(1, NOW)
        async with subscribed(bus.broker) as other:
            rest = await collect(other, 2)
            assert held.body not in {delivery.body for delivery in rest}
            assert {delivery.delivery_count for delivery in rest} == {1}
            await stopped.ack([held])
            await other.ack(rest)
    await eventually(lambda: depth_is(bus.broker, 0))


async def test_a_cancelled_receive_loses_no_message(bus: Bus) -> None:
    async with subscribed(bus.broker) as subscription:
        for attempt in range(20):
            waiting = asyncio.create_task(subscription.receive(10, SOON))
            publishing = asyncio.create_task(bus.broker.publish(outgoing(f"m{attempt:02}")))
            await asyncio.sleep(0.001 * attempt)
            waiting.cancel()
            await publishing
            with suppress(asyncio.CancelledError):
                await subscription.release(await waiting)
    async with subscribed(bus.broker) as subscription:
        deliveries = await collect(subscription, 20)
        assert bus.bodies(deliveries) == [f"m{attempt:02}" for attempt in range(20)]


async def test_messages_published_during_a_pause_are_received_afterwards(bus: Bus) -> None:
    async with subscribed(bus.broker) as subscription:
        await bus.broker.publish(outgoing("before"))
        await subscription.ack([await one(subscription)])
        await bus.broker.publish(outgoing(*"abc"))
        await asyncio.sleep(1.5)
        after = await collect(subscription, 3)
        assert bus.bodies(after) == ["a", "b", "c"]
        assert {delivery.delivery_count for delivery in after} == {1}


async def test_depth_counts_waiting_messages_and_retries(bus: Bus) -> None:
    assert await bus.broker.depths([QUEUE]) == {QUEUE: 0}
    await bus.broker.publish(outgoing(*"abcde"))
    await eventually(lambda: depth_is(bus.broker, 5))
    async with subscribed(bus.broker, prefetch=2) as subscription:
        first, second = await collect(subscription, 2)
        await eventually(lambda: depth_is(bus.broker, 3))
        await subscription.retry(first, timedelta(minutes=10))
        await subscription.ack([second])
        await subscription.close()
        await eventually(lambda: depth_is(bus.broker, 4))


async def depth_is(broker: Broker, expected: int) -> bool:
    return await broker.depths([QUEUE]) == {QUEUE: expected}


async def test_a_redriven_message_goes_to_one_queue_and_is_counted_from_zero(bus: Bus) -> None:
    await bus.broker.redrive(QUEUE, outgoing("again", "and again"))

    async with subscribed(bus.broker) as subscription:
        deliveries = await collect(subscription, 2)
        assert bus.bodies(deliveries) == ["again", "and again"]
        assert {delivery.delivery_count for delivery in deliveries} == {1}
    assert set((await bus.broker.depths([queue for queue in QUEUES if queue != QUEUE])).values()) == {0}


async def test_declare_is_safe_to_repeat_and_safe_concurrently(bus: Bus) -> None:
    others = [await bus.connect() for _ in range(3)]
    await asyncio.gather(*(broker.declare() for broker in [bus.broker, *others] * 2))
    await bus.broker.publish(outgoing("fine"))
    async with subscribed(others[0]) as subscription:
        assert bus.bodies([await one(subscription)]) == ["fine"]


async def test_concurrent_publishers_do_not_disturb_each_other(bus: Bus) -> None:
    texts = [f"m{n:03}" for n in range(200)]
    await asyncio.gather(*(bus.broker.publish(outgoing(*texts[n : n + 10])) for n in range(0, 200, 10)))
    async with subscribed(bus.broker, prefetch=500) as subscription:
        assert bus.bodies(await collect(subscription, 200)) == texts


async def test_ping_succeeds_if_the_broker_answers(bus: Bus) -> None:
    await bus.broker.ping()
