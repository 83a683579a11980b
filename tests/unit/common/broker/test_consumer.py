"""The consumer over a bus in memory: every outcome, gates, draining, and outages of the broker."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest
from prometheus_client import REGISTRY

from orylo_common.broker import answering, queue_reader
from orylo_common.broker.consumer import Consumer, DeadLetterConsumer, Handler
from orylo_common.broker.ports import Delivery, Outgoing
from orylo_common.errors import PermanentError, TransientError
from orylo_common.ids import uuid7
from orylo_common.messages import ClickRecorded, CustomerStatusSet, Message, TrustStatus
from orylo_common.resilience.circuit_breaker import CircuitBreaker, CircuitOpen
from orylo_common.resilience.retry import RetryPolicy
from orylo_common.telemetry.traces import configure_traces, current_traceparent
from tests.support.eventually import eventually
from tests.support.memory_broker import MemoryBroker, MemorySubscription

QUEUE = "trust"
Answer = TypeVar("Answer")
QUICK = RetryPolicy(base=timedelta(milliseconds=1), cap=timedelta(milliseconds=20), max_attempts=3)


def status_set(customer_id: str = "cus_1") -> CustomerStatusSet:
    """Return a message of a type that only the queue `trust` receives."""
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


@asynccontextmanager
async def consuming(broker: MemoryBroker, handler: Handler, **options: Any) -> AsyncIterator[Consumer]:
    options = {"retry_policy": QUICK, **options}
    async with Consumer(broker, QUEUE, {CustomerStatusSet: handler}, **options) as consumer:
        yield consumer


def empty(broker: MemoryBroker) -> Callable[[], bool]:
    """Return a condition: no message waits, is being retried, or is unsettled."""
    return lambda: (
        not (
            broker.ready[QUEUE]
            or broker.waiting[QUEUE]
            or any(subscription._unsettled for subscription in broker.subscriptions)
        )
    )


class Recorder:
    """A handler that records its messages and raises the given errors, one per call."""

    def __init__(self, *errors: Exception | None) -> None:
        self.seen: list[Message] = []
        self._errors = list(errors)

    async def __call__(self, message: Message) -> None:
        self.seen.append(message)
        if self._errors and (error := self._errors.pop(0)):
            raise error


async def test_every_message_is_handled_once_and_settled() -> None:
    broker, handler = MemoryBroker(), Recorder()
    sent = [await broker.send(status_set()) for _ in range(300)]
    async with consuming(broker, handler):
        await eventually(lambda: len(handler.seen) == 300)
    assert sorted(message.message_id for message in handler.seen) == sorted(sent)
    assert empty(broker)()


async def test_a_message_is_retried_until_the_transient_error_passes() -> None:
    broker, handler = MemoryBroker(), Recorder(TransientError("later"), TimeoutError())
    await broker.send(status_set())
    async with consuming(broker, handler):
        await eventually(lambda: len(handler.seen) == 3)
        await eventually(empty(broker))
    assert not broker.dead_letters(QUEUE)


async def test_the_last_retry_dead_letters_the_message_with_its_reason() -> None:
    broker, handler = MemoryBroker(), Recorder(*[TransientError("postgres is away")] * 9)
    await broker.send(status_set())
    async with consuming(broker, handler):
        await eventually(lambda: bool(broker.dead_letters(QUEUE)))
    (dead_letter,) = broker.dead_letters(QUEUE)
    assert (dead_letter.queue, dead_letter.attempts) == (QUEUE, 3)
    assert dead_letter.reason == "gave up after 3 attempts: postgres is away"
    assert len(handler.seen) == 3


async def test_a_permanent_error_dead_letters_the_message_at_once() -> None:
    broker, handler = MemoryBroker(), Recorder(PermanentError("no such tenant"))
    await broker.send(status_set())
    async with consuming(broker, handler):
        await eventually(lambda: bool(broker.dead_letters(QUEUE)))
    assert [(letter.reason, letter.attempts) for letter in broker.dead_letters(QUEUE)] == [("no such tenant", 1)]


async def test_an_unexpected_error_is_retried_and_its_text_is_not_in_the_reason() -> None:
    broker, handler = MemoryBroker(), Recorder(*[ValueError("ana@example.com")] * 9)
    await broker.send(status_set())
    async with consuming(broker, handler):
        await eventually(lambda: bool(broker.dead_letters(QUEUE)))
    assert [letter.reason for letter in broker.dead_letters(QUEUE)] == ["gave up after 3 attempts: ValueError"]


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"[]", b'{"specversion":"1.0","type":"no.such.v1","data":{}}'])
async def test_an_undecodable_message_is_dead_lettered_and_delays_no_other(body: bytes) -> None:
    broker, handler = MemoryBroker(), Recorder()
    await broker.redrive(QUEUE, [Outgoing(uuid7(), "any", body)])
    await broker.send(status_set())
    async with consuming(broker, handler):
        await eventually(lambda: bool(broker.dead_letters(QUEUE)) and len(handler.seen) == 1)
        await eventually(empty(broker))


async def test_a_message_without_a_handler_is_dead_lettered() -> None:
    broker = MemoryBroker()
    await broker.send(status_set())
    async with Consumer(broker, QUEUE, {ClickRecorded: Recorder()}):
        await eventually(lambda: bool(broker.dead_letters(QUEUE)))
    assert [d.reason for d in broker.dead_letters(QUEUE)] == ["trust has no handler for customer.status_set.v1"]


async def test_a_hanging_handler_is_cancelled_and_the_message_retried() -> None:
    broker, calls = MemoryBroker(), 0

    async def hang_once(_: CustomerStatusSet) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            await asyncio.Event().wait()

    await broker.send(status_set())
    async with consuming(broker, hang_once, handler_timeout=timedelta(milliseconds=20)):
        await eventually(lambda: calls == 2)
        await eventually(empty(broker))


async def test_messages_are_handled_concurrently_up_to_the_prefetch_count() -> None:
    broker, gate, running, most = MemoryBroker(), asyncio.Event(), 0, 0

    async def slow(_: CustomerStatusSet) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await gate.wait()
        running -= 1

    for _ in range(50):
        await broker.send(status_set())
    async with consuming(broker, slow, prefetch=8):
        await eventually(lambda: running == 8)
        gate.set()
        await eventually(empty(broker))
    assert most == 8


async def test_a_slow_message_does_not_delay_the_others() -> None:
    broker, release, quick = MemoryBroker(), asyncio.Event(), 0

    async def handle(message: CustomerStatusSet) -> None:
        nonlocal quick
        if message.customer_id == "slow":
            await release.wait()
        quick += 1

    await broker.send(status_set("slow"))
    for _ in range(100):
        await broker.send(status_set())
    async with consuming(broker, handle, prefetch=10):
        await eventually(lambda: quick == 100)
        release.set()


async def test_on_exit_running_handlers_finish_and_the_rest_stays_queued() -> None:
    broker, started, go, finished = MemoryBroker(), asyncio.Event(), asyncio.Event(), 0

    async def handle(_: CustomerStatusSet) -> None:
        nonlocal finished
        started.set()
        await go.wait()
        finished += 1

    for _ in range(10):
        await broker.send(status_set())
    async with consuming(broker, handle, prefetch=4):
        await started.wait()
        asyncio.get_running_loop().call_later(0.05, go.set)
    assert finished == 4
    assert len(broker.ready[QUEUE]) == 6
    assert {entry.delivery_count for entry in broker.ready[QUEUE]} == {0}


async def test_on_exit_unfinished_messages_are_released_uncounted() -> None:
    broker, started = MemoryBroker(), asyncio.Event()

    async def never(_: CustomerStatusSet) -> None:
        started.set()
        await asyncio.Event().wait()

    await broker.send(status_set())
    async with asyncio.timeout(30):
        async with consuming(broker, never, drain=timedelta(milliseconds=50)):
            await started.wait()
    assert [entry.delivery_count for entry in broker.ready[QUEUE]] == [0]


async def test_an_open_circuit_pauses_the_consumer_without_using_up_attempts() -> None:
    broker, breaker = MemoryBroker(), CircuitBreaker("dep", failures=2, recovery=timedelta(milliseconds=150))
    down, probes, done = True, 0, 0

    async def handle(_: CustomerStatusSet) -> None:
        nonlocal probes, done
        async with breaker:
            if down:
                probes += 1
                raise TransientError("away")
            done += 1

    policy = RetryPolicy(base=timedelta(milliseconds=1), cap=timedelta(milliseconds=2), max_attempts=6)
    for _ in range(40):
        await broker.send(status_set())
    async with consuming(broker, handle, retry_policy=policy, gates=[breaker]):
        await eventually(lambda: breaker.state == "open")
        before = probes
        await eventually(lambda: probes >= before + 3)
        assert probes < 50
        down = False
        await eventually(lambda: done == 40)
        await eventually(empty(broker))
    assert not broker.dead_letters(QUEUE)


async def test_a_message_waits_while_its_handlers_circuit_is_open() -> None:
    broker, calls = MemoryBroker(), 0

    async def handle(_: CustomerStatusSet) -> None:
        nonlocal calls
        calls += 1
        if calls <= 5:
            raise CircuitOpen("circuit meta is open", retry_after=timedelta(milliseconds=100))

    started = asyncio.get_running_loop().time()
    await broker.send(status_set())
    async with consuming(broker, handle):
        await eventually(lambda: calls == 6)
        await eventually(empty(broker))
    assert asyncio.get_running_loop().time() - started >= 0.45
    assert not broker.dead_letters(QUEUE)


async def test_the_consumer_continues_after_an_outage_of_the_broker() -> None:
    broker, handler = MemoryBroker(), Recorder()
    await broker.send(status_set())
    async with consuming(broker, handler):
        await eventually(lambda: len(handler.seen) == 1)
        broker.fail()
        await asyncio.sleep(0.1)
        broker.recover()
        await broker.send(status_set())
        await eventually(lambda: len(handler.seen) == 2)
        await eventually(empty(broker))


async def test_the_consumer_starts_and_exits_without_its_broker() -> None:
    broker, handler = MemoryBroker(), Recorder()
    broker.fail()
    async with asyncio.timeout(30):
        async with consuming(broker, handler):
            await asyncio.sleep(0.05)
    assert not handler.seen


async def test_messages_unsettled_at_a_cut_are_handled_again() -> None:
    broker, handled, cut = MemoryBroker(), 0, asyncio.Event()

    async def handle(_: CustomerStatusSet) -> None:
        nonlocal handled
        handled += 1
        if handled == 1:
            broker.subscriptions[0].cut()
            cut.set()

    await broker.send(status_set())
    async with consuming(broker, handle):
        await eventually(lambda: handled == 2)
        await eventually(empty(broker))


class HangingSubscription(MemorySubscription):
    """A subscription of which one kind of call never ends."""

    hangs = ""

    async def receive(self, limit: int, wait: timedelta) -> Sequence[Delivery]:
        return await self._hang_or("receive", super().receive(limit, wait))

    async def ack(self, deliveries: Sequence[Delivery]) -> None:
        await self._hang_or("ack", super().ack(deliveries))

    async def retry(self, delivery: Delivery, delay: timedelta) -> None:
        await self._hang_or("retry", super().retry(delivery, delay))

    async def dead_letter(self, delivery: Delivery, reason: str) -> None:
        await self._hang_or("dead_letter", super().dead_letter(delivery, reason))

    async def close(self) -> None:
        await self._hang_or("close", super().close())

    async def _hang_or(self, call: str, answer: Coroutine[Any, Any, Answer]) -> Answer:
        if self.hangs == call:
            answer.close()
            await asyncio.Event().wait()
        return await answer


class HangingBroker(MemoryBroker):
    """Calls of one kind hang in its first subscription, and with `subscribe` the first subscribing itself."""

    def __init__(self, hangs: str) -> None:
        super().__init__()
        self._hangs = hangs

    async def subscribe(self, queue: str, *, prefetch: int) -> MemorySubscription:
        hangs, self._hangs = self._hangs, ""
        if hangs == "subscribe":
            await asyncio.Event().wait()
        subscription = HangingSubscription(self, queue, prefetch)
        subscription.hangs = hangs
        self.subscriptions.append(subscription)
        return subscription


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Consumers wait for a broker's answers for 20 ms."""
    for module, name in ((queue_reader, "LONGEST_CALL"), (queue_reader, "RECEIVE_WAIT"), (answering, "LONGEST_CALL")):
        monkeypatch.setattr(module, name, timedelta(milliseconds=20))


@pytest.mark.usefixtures("impatient")
async def test_a_lost_subscription_whose_close_hangs_is_replaced() -> None:
    broker, handler = HangingBroker("close"), Recorder()
    async with consuming(broker, handler):
        await eventually(lambda: len(broker.subscriptions) == 1)
        broker.subscriptions[0].cut()
        sent = await broker.send(status_set())
        await eventually(lambda: [message.message_id for message in handler.seen] == [sent])


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("call", ["subscribe", "receive", "ack", "retry", "dead_letter"])
async def test_a_call_that_hangs_ends_the_subscription(call: str) -> None:
    error = {"retry": TransientError("later"), "dead_letter": PermanentError("never")}.get(call)
    broker, handler = HangingBroker(call), Recorder(error)
    await broker.send(status_set())
    async with consuming(broker, handler):
        await eventually(lambda: len(broker.subscriptions) == (1 if call == "subscribe" else 2))
        later = await broker.send(status_set())
        await eventually(lambda: later in {message.message_id for message in handler.seen})
        await eventually(empty(broker))
    assert not broker.dead_letters(QUEUE)


async def test_outcomes_are_counted_by_queue_and_type() -> None:
    def count(outcome: str) -> float:
        labels = {"queue": QUEUE, "type": "customer.status_set.v1", "outcome": outcome}
        return REGISTRY.get_sample_value("orylo_messages_handled_total", labels) or 0.0

    before = {outcome: count(outcome) for outcome in ("done", "retried", "dead_lettered")}
    broker, handler = MemoryBroker(), Recorder(TransientError("later"), None, PermanentError("no"))
    async with consuming(broker, handler):
        await broker.send(status_set())
        await eventually(lambda: len(handler.seen) == 2)
        await broker.send(status_set())
        await eventually(lambda: bool(broker.dead_letters(QUEUE)))
    assert {outcome: count(outcome) - before[outcome] for outcome in before} == {
        "done": 1,
        "retried": 1,
        "dead_lettered": 1,
    }


async def test_dead_letters_are_counted_from_zero() -> None:
    Consumer(MemoryBroker(), "reviews", {CustomerStatusSet: Recorder()})
    labels = {"queue": "reviews", "type": "customer.status_set.v1", "outcome": "dead_lettered"}
    assert REGISTRY.get_sample_value("orylo_messages_handled_total", labels) == 0


async def test_a_handler_runs_in_the_trace_of_its_message() -> None:
    broker = MemoryBroker()
    seen: list[str | None] = []
    traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    async def handle(_: CustomerStatusSet) -> None:
        seen.append(current_traceparent())

    with configure_traces("test", "http://127.0.0.1:9"):
        await broker.send(status_set(), traceparent=traceparent)
        async with consuming(broker, handle):
            await eventually(lambda: bool(seen))
    assert seen[0]
    assert seen[0].split("-")[1] == traceparent.split("-")[1]


async def test_dead_letters_are_passed_on_undecoded_until_accepted() -> None:
    broker = MemoryBroker()
    seen: list[Delivery] = []

    async def take(delivery: Delivery) -> None:
        seen.append(delivery)
        if len(seen) < 3:
            raise RuntimeError("database is away")

    await broker.redrive(QUEUE, [Outgoing(uuid7(), "any", b"not a message")])
    async with consuming(broker, Recorder()):
        await eventually(lambda: bool(broker.dead_letters(QUEUE)))
    async with DeadLetterConsumer(broker, f"{QUEUE}.dlq", take, retry_policy=QUICK):
        await eventually(lambda: len(seen) == 3)
        await eventually(lambda: not broker.ready[f"{QUEUE}.dlq"])
    assert {delivery.body for delivery in seen} == {b"not a message"}
    assert {delivery.dead_letter.reason for delivery in seen if delivery.dead_letter} == {"not JSON"}
