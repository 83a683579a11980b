"""Taking deliveries from RabbitMQ, over a connection of its own."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self
from uuid import uuid4

from aiormq.abc import DeliveredMessage

from orylo_common.broker.ports import BrokerUnavailable, Death, Delivery
from orylo_common.broker.rabbitmq.channel import LOST, Publication, RabbitMQChannel, unavailable
from orylo_common.broker.rabbitmq.topology import retry_queue
from orylo_common.broker.topology import DELIVERY_LIMIT, POISON, dead_letter_queue, is_dead_letter_queue, origin_of
from orylo_common.errors import TransientError

# Deliveries before the message last moved to another queue; the broker counts anew from there.
DELIVERIES = "orylo-deliveries"
FIRST_FAILED_AT = "orylo-first-failed-at"
REASON = "orylo-reason"
ATTEMPTS = "orylo-attempts"

RPC_TIMEOUT_S = 5

Publish = Callable[[Sequence[Publication]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Story:
    """What a message's headers tell."""

    delivery_count: int
    first_failed_at: datetime | None = None
    reason: str | None = None
    attempts: int = 0

    @classmethod
    def of(cls, headers: Mapping[str, Any]) -> Self:
        redeliveries = int(headers.get("x-delivery-count", 0))
        failed_at = headers.get(FIRST_FAILED_AT)
        story = cls(
            int(headers.get(DELIVERIES, 0)) + redeliveries + 1,
            datetime.fromisoformat(failed_at) if failed_at else None,
            headers.get(REASON),
            int(headers.get(ATTEMPTS, 0)),
        )
        if story.reason is None and (died := _delivery_limit(headers)):
            # Set aside by the broker itself, which knows nothing of our headers; its count starts anew here.
            return cls(redeliveries + 1, story.first_failed_at or died, POISON, DELIVERY_LIMIT)
        return story

    def headers(self, deliveries: int) -> dict[str, Any]:
        """To be sent along when the message moves, having been delivered this often."""
        told = {
            DELIVERIES: deliveries,
            FIRST_FAILED_AT: self.first_failed_at.isoformat() if self.first_failed_at else None,
            REASON: self.reason,
            ATTEMPTS: self.attempts,
        }
        return {name: value for name, value in told.items() if value}


def _delivery_limit(headers: Mapping[str, Any]) -> datetime | None:
    """When the broker's delivery limit stopped the message, if it did."""
    for death in headers.get("x-death") or ():
        if death.get("reason") == "delivery_limit":
            at: datetime = death["time"]
            return at if at.tzinfo else at.replace(tzinfo=UTC)
    return None


@dataclass(frozen=True, slots=True)
class Held:
    """A delivery that the broker waits to hear about."""

    tag: int
    body: bytes
    message_id: str
    story: Story


class RabbitMQSubscription:
    """Subscription over one connection; `publish` is the broker's own publisher.

    What is retried, released or set aside is published first and acknowledged then: a crash between the two
    repeats a message, and loses none.
    """

    def __init__(self, channel: RabbitMQChannel, queue: str, publish: Publish) -> None:
        self.queue = queue
        self._channel = channel
        self._publish = publish
        self._ahead: deque[Held] = deque()
        self._unsettled: dict[int, Held] = {}
        self._last_tag = 0
        self._consumer = ""
        self._woken = asyncio.Event()
        self._stopped = False
        self.closed = False
        self._limit = None if is_dead_letter_queue(queue) else DELIVERY_LIMIT

    @classmethod
    async def open(cls, url: str, queue: str, *, prefetch: int, publish: Publish) -> Self:
        channel = await RabbitMQChannel.connect(url)
        self = cls(channel, queue, publish)
        channel.deliver = self._take
        channel.lost = self._woken.set
        try:
            await channel.basic_qos(prefetch_count=prefetch)
            self._consumer = (await channel.basic_consume(queue, _never)).consumer_tag or ""
        except LOST as error:
            await channel.shut()
            raise unavailable(error) from error
        return self

    def _take(self, message: DeliveredMessage) -> None:
        tag = message.delivery_tag or 0
        properties = message.header.properties
        held = Held(tag, message.body, properties.message_id or str(uuid4()), Story.of(properties.headers or {}))
        self._last_tag = tag
        self._unsettled[tag] = held
        self._ahead.append(held)
        self._woken.set()

    async def receive(self, limit: int, wait: timedelta) -> Sequence[Delivery]:
        if self._stopped:
            raise BrokerUnavailable("the subscription was stopped")
        deadline = asyncio.get_running_loop().time() + wait.total_seconds()
        while not self._stopped:
            self._check()
            self._woken.clear()
            if self._ahead and (deliveries := await self._hand_over(limit)):
                return deliveries
            try:
                async with asyncio.timeout_at(deadline):
                    await self._woken.wait()
            except TimeoutError:
                break
        return ()

    async def _hand_over(self, limit: int) -> Sequence[Delivery]:
        taken = [self._ahead.popleft() for _ in range(min(limit, len(self._ahead)))]
        if self._limit is not None:
            for held in taken:
                if held.story.delivery_count > self._limit:
                    await self._set_aside(held, POISON, attempts=self._limit)
            taken = [held for held in taken if held.story.delivery_count <= self._limit]
        return [Delivery(held.body, held.story.delivery_count, self._death(held.story), held.tag) for held in taken]

    def _death(self, story: Story) -> Death | None:
        if story.reason is None:
            return None
        failed_at = story.first_failed_at or datetime.now(UTC)
        return Death(origin_of(self.queue), story.reason, story.attempts, failed_at)

    async def ack(self, deliveries: Sequence[Delivery]) -> None:
        await self._ack([delivery.handle for delivery in deliveries])

    async def retry(self, delivery: Delivery, delay: timedelta) -> None:
        if held := self._held(delivery):
            await self._move([held], retry_queue(self.queue, delay), _failed(held.story), held.story.delivery_count)

    async def release(self, deliveries: Sequence[Delivery]) -> None:
        # Not by nack: the broker would count that as a failed delivery.
        await self._give_back([held for delivery in deliveries if (held := self._held(delivery))])

    async def dead_letter(self, delivery: Delivery, reason: str) -> None:
        if held := self._held(delivery):
            await self._set_aside(held, reason, attempts=held.story.delivery_count)

    async def _set_aside(self, held: Held, reason: str, *, attempts: int) -> None:
        story = Story(0, _failed(held.story).first_failed_at, reason, attempts)
        await self._move([held], dead_letter_queue(self.queue), story, 0)

    async def _give_back(self, held: Sequence[Held]) -> None:
        publications = [
            Publication("", self.queue, one.message_id, one.body, one.story.headers(one.story.delivery_count - 1))
            for one in held
        ]
        await self._publish(publications)
        await self._ack([one.tag for one in held])

    async def _move(self, held: Sequence[Held], queue: str, story: Story, deliveries: int) -> None:
        headers = story.headers(deliveries)
        await self._publish([Publication("", queue, one.message_id, one.body, headers) for one in held])
        await self._ack([one.tag for one in held])

    def _held(self, delivery: Delivery) -> Held | None:
        self._check()
        return self._unsettled.get(delivery.handle)

    async def _ack(self, tags: Sequence[int]) -> None:
        settled = [tag for tag in tags if self._unsettled.pop(tag, None)]
        if not settled:
            return
        # Everything below the oldest that is still in hand is settled: one frame says so.
        oldest = next(iter(self._unsettled), self._last_tag + 1)
        below = max((tag for tag in settled if tag < oldest), default=0)
        await self._channel.ack(settled, below=below)

    def _check(self) -> None:
        if self._channel.is_lost:
            raise BrokerUnavailable("the subscription's connection to RabbitMQ is gone")

    async def stop(self) -> None:
        if self._stopped:
            return
        self._stopped = True
        self._woken.set()
        self._check()
        try:
            await self._channel.basic_cancel(self._consumer, timeout=RPC_TIMEOUT_S)
            await self._give_back_ahead()
        except LOST as error:
            raise unavailable(error) from error

    async def _give_back_ahead(self) -> None:
        ahead, self._ahead = list(self._ahead), deque()
        await self._give_back(ahead)

    async def close(self) -> None:
        if self.closed:
            return
        self.closed = True
        # What cannot be given back now comes again by itself when the connection ends, counted once more.
        with suppress(*LOST, TransientError):
            await self.stop()
            # What was on its way when the consumer was cancelled has come when this is answered.
            await self._channel.basic_qos(prefetch_count=1, timeout=RPC_TIMEOUT_S)
            await self._give_back(list(self._unsettled.values()))
        await self._channel.shut()


def _failed(story: Story) -> Story:
    first_failed_at = story.first_failed_at or datetime.now(UTC)
    return Story(story.delivery_count, first_failed_at, story.reason, story.attempts)


async def _never(message: DeliveredMessage) -> None:
    """aiormq wants a callback; the channel hands deliveries over itself."""
