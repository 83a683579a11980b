"""An event bus in memory: a Broker that passes the contract suite and needs no server."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from orylo_common.broker.ports import BrokerUnavailable, DeadLetterInfo, Delivery, Outgoing, PublishNotConfirmed
from orylo_common.broker.topology import DELIVERY_LIMIT, POISON, dead_letter_queue, is_dead_letter_queue, queues_for
from orylo_common.ids import uuid7
from orylo_common.messages import Message, decode, encode


@dataclass(frozen=True)
class Entry:
    body: bytes
    delivery_count: int = 0
    dead_letter: DeadLetterInfo | None = None
    first_failed_at: datetime | None = None


class MemoryBroker:
    """A bus without a server.

    `published` lists all published messages in order, `dead_letters(queue)` the dead letters of a queue. `fail()` makes
    every call fail until `recover()`.
    """

    def __init__(self) -> None:
        self.published: list[Outgoing] = []
        self.ready: defaultdict[str, deque[Entry]] = defaultdict(deque)
        self.waiting: defaultdict[str, int] = defaultdict(int)
        self.subscriptions: list[MemorySubscription] = []
        self._changed: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._failing = False

    async def declare(self) -> None:
        self.check()

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        if self._failing:
            raise PublishNotConfirmed("the test made the broker fail")
        self.published.extend(messages)
        for message in messages:
            for queue in queues_for(message.type):
                self.put(queue, Entry(message.body))

    async def send(self, message: Message, *, traceparent: str | None = None) -> UUID:
        """Publish one message as a service does. Return its id."""
        await self.publish([Outgoing(message.message_id, message.type, encode(message, traceparent=traceparent))])
        return message.message_id

    def messages(self) -> list[Message]:
        """Return all published messages, decoded."""
        return [decode(message.body) for message in self.published]

    def dead_letters(self, queue: str) -> list[DeadLetterInfo]:
        return [entry.dead_letter for entry in self.ready[dead_letter_queue(queue)] if entry.dead_letter]

    def hand_over(self, message: Outgoing, settled: Callable[[UUID, bool], None]) -> bool:
        return False

    async def redrive(self, queue: str, messages: Sequence[Outgoing]) -> None:
        if self._failing:
            raise PublishNotConfirmed("the test made the broker fail")
        for message in messages:
            self.put(queue, Entry(message.body))

    async def subscribe(self, queue: str, *, prefetch: int) -> "MemorySubscription":
        self.check()
        subscription = MemorySubscription(self, queue, prefetch)
        self.subscriptions.append(subscription)
        return subscription

    async def depths(self, queues: Collection[str]) -> dict[str, int]:
        self.check()
        return {queue: len(self.ready[queue]) + self.waiting[queue] for queue in queues}

    def is_settled(self, queue: str) -> bool:
        """Return whether the queue is empty and every delivery is settled."""
        held = (subscription.unsettled for subscription in self.subscriptions if subscription.queue == queue)
        return not self.ready[queue] and not self.waiting[queue] and not sum(held)

    async def ping(self) -> None:
        self.check()

    async def close(self) -> None:
        for subscription in self.subscriptions:
            await subscription.close()

    def fail(self) -> None:
        """Cut every subscription and fail every call until `recover`."""
        self._failing = True
        for subscription in self.subscriptions:
            subscription.cut()

    def recover(self) -> None:
        self._failing = False

    def check(self) -> None:
        if self._failing:
            raise BrokerUnavailable("the test made the broker fail")

    def put(self, queue: str, entry: Entry, *, first: bool = False) -> None:
        if first:
            self.ready[queue].appendleft(entry)
        else:
            self.ready[queue].append(entry)
        self.notify(queue)

    def put_later(self, queue: str, entry: Entry, delay: timedelta) -> None:
        def due() -> None:
            self.waiting[queue] -= 1
            self.put(queue, entry)

        self.waiting[queue] += 1
        asyncio.get_running_loop().call_later(delay.total_seconds(), due)

    def notify(self, queue: str) -> None:
        self._changed[queue].set()
        self._changed[queue] = asyncio.Event()

    async def change(self, queue: str, wait_s: float) -> None:
        async with asyncio.timeout(wait_s):
            await self._changed[queue].wait()


class MemorySubscription:
    def __init__(self, broker: MemoryBroker, queue: str, prefetch: int) -> None:
        self._broker = broker
        self.queue = queue
        self._prefetch = prefetch
        self._unsettled: dict[UUID, Entry] = {}
        self._open = True
        self._cut = False
        self._stopped = False

    @property
    def unsettled(self) -> int:
        return len(self._unsettled)

    async def receive(self, limit: int, wait: timedelta) -> Sequence[Delivery]:
        self._check()
        if self._stopped:
            raise BrokerUnavailable("the subscription was stopped")
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wait.total_seconds()
        while self._check() and not self._stopped:
            deliveries = self._take(min(limit, self._prefetch - len(self._unsettled)))
            left = deadline - loop.time()
            if deliveries or left <= 0:
                return deliveries
            try:
                await self._broker.change(self.queue, left)
            except TimeoutError:
                return ()
        return ()

    def _take(self, limit: int) -> list[Delivery]:
        ready = self._broker.ready[self.queue]
        deliveries: list[Delivery] = []
        while ready and len(deliveries) < limit:
            entry = ready.popleft()
            entry = replace(entry, delivery_count=entry.delivery_count + 1)
            if entry.delivery_count > DELIVERY_LIMIT and not is_dead_letter_queue(self.queue):
                self._dead_letter(entry, POISON, DELIVERY_LIMIT)
                continue
            handle = uuid7()
            self._unsettled[handle] = entry
            deliveries.append(Delivery(entry.body, entry.delivery_count, entry.dead_letter, handle))
        return deliveries

    async def ack(self, deliveries: Sequence[Delivery]) -> None:
        self._check()
        for delivery in deliveries:
            self._unsettled.pop(delivery.handle, None)
        self._broker.notify(self.queue)

    async def retry(self, delivery: Delivery, delay: timedelta) -> None:
        self._check()
        if entry := self._unsettled.pop(delivery.handle, None):
            self._broker.put_later(self.queue, _failed(entry), delay)

    async def release(self, deliveries: Sequence[Delivery]) -> None:
        self._check()
        for delivery in deliveries:
            if entry := self._unsettled.pop(delivery.handle, None):
                self._broker.put(self.queue, replace(entry, delivery_count=entry.delivery_count - 1), first=True)

    async def dead_letter(self, delivery: Delivery, reason: str) -> None:
        self._check()
        if entry := self._unsettled.pop(delivery.handle, None):
            self._dead_letter(entry, reason, entry.delivery_count)

    async def stop(self) -> None:
        self._stopped = True
        self._broker.notify(self.queue)

    async def close(self) -> None:
        self._stopped = True
        if self._open and not self._cut:
            for entry in self._unsettled.values():
                self._broker.put(self.queue, replace(entry, delivery_count=entry.delivery_count - 1), first=True)
        self._end()

    def cut(self) -> None:
        """Cut the connection. Unsettled deliveries are redelivered with a higher delivery count."""
        if self._open:
            for entry in self._unsettled.values():
                self._broker.put(self.queue, _failed(entry), first=True)
            self._cut = True
            self._end()

    def _end(self) -> None:
        self._open = False
        self._unsettled.clear()
        self._broker.notify(self.queue)

    def _check(self) -> bool:
        if self._cut:
            raise BrokerUnavailable("the connection was cut")
        return self._open

    def _dead_letter(self, entry: Entry, reason: str, attempts: int) -> None:
        failed_at = entry.first_failed_at or datetime.now(UTC)
        info = DeadLetterInfo(self.queue, reason, attempts, failed_at)
        self._broker.put(dead_letter_queue(self.queue), Entry(entry.body, dead_letter=info))


def _failed(entry: Entry) -> Entry:
    return replace(entry, first_failed_at=entry.first_failed_at or datetime.now(UTC))
