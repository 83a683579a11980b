"""The consumer over every bus behaves the same with every adapter."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from orylo_common.broker.consumer import Consumer, DeadLetterConsumer
from orylo_common.broker.ports import Broker, Delivery, Outgoing, QueueSubscription
from orylo_common.errors import PermanentError, TransientError
from orylo_common.ids import uuid7
from orylo_common.messages import CustomerStatusSet, TrustStatus, encode
from orylo_common.resilience.circuit_breaker import CircuitBreaker
from orylo_common.resilience.retry import RetryPolicy
from tests.contract.broker.conftest import Bus
from tests.support.eventually import eventually

QUEUE = "trust"
QUICK = RetryPolicy(base=timedelta(milliseconds=10), cap=timedelta(milliseconds=20), max_attempts=3)


def status_set(customer_id: str) -> CustomerStatusSet:
    message_id = uuid7()
    return CustomerStatusSet(
        message_id=message_id,
        tenant_id=uuid7(),
        correlation_id=message_id,
        occurred_at=datetime.now(UTC),
        customer_id=customer_id,
        status=TrustStatus.BLOCKED,
        actor="ana",
        reason="chargeback ring",
    )


async def send(broker: Broker, *customer_ids: str) -> list[UUID]:
    messages = [status_set(customer_id) for customer_id in customer_ids]
    await broker.publish([Outgoing(message.message_id, message.type, encode(message)) for message in messages])
    return [message.message_id for message in messages]


async def test_messages_are_handled_retried_or_dead_lettered(bus: Bus) -> None:
    handled: list[str] = []
    letters: list[Delivery] = []

    async def handle(message: CustomerStatusSet) -> None:
        handled.append(message.customer_id)
        if message.customer_id == "hopeless":
            raise PermanentError("no such tenant")
        if message.customer_id == "failing" or (handled.count("late") == 1 and message.customer_id == "late"):
            raise TransientError("away")

    async def take(letter: Delivery) -> None:
        letters.append(letter)

    await send(bus.broker, *(f"c{n}" for n in range(60)), "hopeless", "failing", "late")
    async with (
        Consumer(bus.broker, QUEUE, {CustomerStatusSet: handle}, prefetch=20, retry_policy=QUICK),
        DeadLetterConsumer(bus.broker, f"{QUEUE}.dlq", take),
    ):
        await eventually(lambda: len(letters) == 2)
        await eventually(lambda: handled.count("late") == 2 and {f"c{n}" for n in range(60)} <= set(handled))
    assert sorted(
        (letter.dead_letter.reason, letter.dead_letter.attempts) for letter in letters if letter.dead_letter
    ) == [
        ("gave up after 3 attempts: away", 3),
        ("no such tenant", 1),
    ]

    async def all_is_settled() -> bool:
        return set((await bus.broker.depths([QUEUE, f"{QUEUE}.dlq"])).values()) == {0}

    await eventually(all_is_settled)


async def test_on_exit_running_handlers_finish_and_the_rest_is_released_uncounted(bus: Bus) -> None:
    started, go = asyncio.Event(), asyncio.Event()
    finished: set[UUID] = set()

    async def handle(message: CustomerStatusSet) -> None:
        started.set()
        await go.wait()
        finished.add(message.message_id)

    sent = await send(bus.broker, *"abcdefghij")
    async with Consumer(bus.broker, QUEUE, {CustomerStatusSet: handle}, prefetch=4):
        await started.wait()
        asyncio.get_running_loop().call_later(0.1, go.set)

    subscription = await bus.broker.subscribe(QUEUE, prefetch=10)
    left: list[Delivery] = []

    async def all_there() -> bool:
        left.extend(await subscription.receive(10, timedelta(milliseconds=200)))
        return len({delivery.body for delivery in left}) == len(sent) - len(finished)

    await eventually(all_there)
    assert 1 <= len(finished) <= 4
    assert {delivery.delivery_count for delivery in left} == {1}
    await subscription.close()


async def test_a_consumer_survives_repeated_cuts_of_its_connection(bus: Bus) -> None:
    if bus.name == "sqs":
        pytest.skip("SQS has no connection that could be lost")
    handled: set[UUID] = set()
    sent: set[UUID] = set()
    subscriptions: list[QueueSubscription] = []
    subscribe = bus.broker.subscribe

    async def remembered(queue: str, *, prefetch: int) -> QueueSubscription:
        subscriptions.append(await subscribe(queue, prefetch=prefetch))
        return subscriptions[-1]

    async def handle(message: CustomerStatusSet) -> None:
        handled.add(message.message_id)

    bus.broker.subscribe = remembered  # type: ignore[method-assign]
    async with Consumer(bus.broker, QUEUE, {CustomerStatusSet: handle}, prefetch=10):
        for subscribed in (1, 2, 3):
            await eventually(lambda expected=subscribed: len(subscriptions) == expected)  # type: ignore[misc]
            sent.update(await send(bus.broker, *"abcde"))
            await bus.cut(subscriptions[-1])
        await eventually(lambda: handled == sent)


async def test_other_processes_get_the_messages_while_a_circuit_is_open(bus: Bus) -> None:
    breaker = CircuitBreaker("gate", failures=1, recovery=timedelta(seconds=60))
    tried: list[str] = []
    taken: set[str] = set()

    async def failing(message: CustomerStatusSet) -> None:
        async with breaker:
            tried.append(message.customer_id)
            raise TransientError("away")

    async def working(message: CustomerStatusSet) -> None:
        taken.add(message.customer_id)

    async with Consumer(bus.broker, QUEUE, {CustomerStatusSet: failing}, retry_policy=QUICK, gates=[breaker]):
        await send(bus.broker, "first")
        await eventually(lambda: breaker.state == "open")
        await send(bus.broker, *"abcdef")
        async with Consumer(await bus.connect(), QUEUE, {CustomerStatusSet: working}):
            await eventually(lambda: taken == {"first", *"abcdef"})
    assert tried == ["first"]
