"""The event bus in memory: a Broker that passes the contract suite and needs no server."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from orylo_common.broker.ports import BrokerUnavailable, Death, Delivery, Outgoing, PublishNotConfirmed
from orylo_common.broker.topology import DELIVERY_LIMIT, POISON, dead_letter_queue, is_dead_letter_queue, queues_for
from orylo_common.ids import uuid7
from orylo_common.messages import Message, decode, encode


@dataclass(frozen=True)
class Entry:
    body: bytes
    delivery_count: int = 0
    death: Death | None = None
    first_failed_at: datetime | None = None


class MemoryBroker:
    """Keeps everything in this object.

    `published` is what was published, in order; `dead_letters(queue)` what was set aside; `fail()` makes it
    refuse everything until `recover()`.
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
            raise PublishNotConfirmed("told to fail")
        self.published.extend(messages)
        for message in messages:
            for queue in queues_for(message.type):
                self.put(queue, Entry(message.body))

    async def send(self, message: Message, *, traceparent: str | None = None) -> UUID:
        """Publish one message as a service would; its id."""
        await self.publish([Outgoing(message.message_id, message.type, encode(message, traceparent=traceparent))])
        return message.message_id

    def messages(self) -> list[Message]:
        """What was published, decoded."""
        return [decode(message.body) for message in self.published]

    def dead_letters(self, queue: str) -> list[Death]:
        return [entry.death for entry in self.ready[dead_letter_queue(queue)] if entry.death]

    async def redrive(self, queue: str, messages: Sequence[Outgoing]) -> None:
        if self._failing:
            raise PublishNotConfirmed("told to fail")
        for message in messages:
            self.put(queue, Entry(message.body))

    async def subscribe(self, queue: str, *, prefetch: int) -> "MemorySubscription":
        self.check()
        subscription = MemorySubscription(self, queue, prefetch)
        self.subscriptions.append(subscription)
        return subscription

    async def depth(self, queue: str) -> int:
        self.check()
        return len(self.ready[queue]) + self.waiting[queue]

    def is_settled(self, queue: str) -> bool:
        """Nothing waits, and nothing is in hand."""
        held = (subscription.unsettled for subscription in self.subscriptions if subscription.queue == queue)
        return not self.ready[queue] and not self.waiting[queue] and not sum(held)

    async def ping(self) -> None:
        self.check()

    async def close(self) -> None:
        for subscription in self.subscriptions:
            await subscription.close()

    def fail(self) -> None:
        """Go away, cutting every subscription, until `recover`."""
        self._failing = True
        for subscription in self.subscriptions:
            subscription.cut()

    def recover(self) -> None:
        self._failing = False

    def check(self) -> None:
        if self._failing:
            raise BrokerUnavailable("told to fail")

    def put(self, queue: str, entry: Entry, *, first: bool = False) -> None:
        if first:
            self.ready[queue].appendleft(entry)
        else:
            self.ready[queue].append(entry)
        self.tell(queue)

    def put_later(self, queue: str, entry: Entry, delay: timedelta) -> None:
        def due() -> None:
            self.waiting[queue] -= 1
            self.put(queue, entry)

        self.waiting[queue] += 1
        asyncio.get_running_loop().call_later(delay.total_seconds(), due)

    def tell(self, queue: str) -> None:
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
                self._set_aside(entry, POISON, DELIVERY_LIMIT)
                continue
            handle = uuid7()
            self._unsettled[handle] = entry
            deliveries.append(Delivery(entry.body, entry.delivery_count, entry.death, handle))
        return deliveries

    async def ack(self, deliveries: Sequence[Delivery]) -> None:
        self._check()
        for delivery in deliveries:
            self._unsettled.pop(delivery.handle, None)
        self._broker.tell(self.queue)

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
            self._set_aside(entry, reason, entry.delivery_count)

    async def stop(self) -> None:
        self._stopped = True
        self._broker.tell(self.queue)

    async def close(self) -> None:
        self._stopped = True
        if self._open and not self._cut:
            for entry in self._unsettled.values():
                self._broker.put(self.queue, replace(entry, delivery_count=entry.delivery_count - 1), first=True)
        self._end()

    def cut(self) -> None:
        """Lose the connection: what is unsettled comes again, counted."""
        if self._open:
            for entry in self._unsettled.values():
                self._broker.put(self.queue, _failed(entry), first=True)
            self._cut = True
            self._end()

    def _end(self) -> None:
        self._open = False
        self._unsettled.clear()
        self._broker.tell(self.queue)

    def _check(self) -> bool:
        if self._cut:
            raise BrokerUnavailable("the connection was cut")
        return self._open

    def _set_aside(self, entry: Entry, reason: str, attempts: int) -> None:
        failed_at = entry.first_failed_at or datetime.now(UTC)
        death = Death(self.queue, reason, attempts, failed_at)
        self._broker.put(dead_letter_queue(self.queue), Entry(entry.body, death=death))


def _failed(entry: Entry) -> Entry:
    return replace(entry, first_failed_at=entry.first_failed_at or datetime.now(UTC))
