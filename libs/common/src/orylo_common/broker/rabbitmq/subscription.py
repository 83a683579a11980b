"""Take deliveries from RabbitMQ over a connection of its own."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self
from uuid import uuid4

from aiormq.abc import DeliveredMessage

from orylo_common.broker.ports import BrokerUnavailable, DeadLetterInfo, Delivery
from orylo_common.broker.rabbitmq.channel import LOST, RabbitMQChannel, unavailable
from orylo_common.broker.rabbitmq.headers import DeliveryHistory
from orylo_common.broker.rabbitmq.publishing import RoutedMessage
from orylo_common.broker.rabbitmq.topology import retry_queue
from orylo_common.broker.topology import DELIVERY_LIMIT, POISON, dead_letter_queue, is_dead_letter_queue, origin_of
from orylo_common.errors import TransientError

TIMEOUT_S = 5

Publish = Callable[[Sequence[RoutedMessage]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class UnackedMessage:
    """A message that the broker delivered here and that is not acknowledged yet."""

    tag: int
    body: bytes
    message_id: str
    history: DeliveryHistory


class RabbitMQSubscription:
    """A subscription over one connection. `publish` is the broker's own publisher.

    To retry, release or dead-letter a message, it is published anew first and acknowledged afterwards: a crash between
    the two repeats it and never loses it.
    """

    def __init__(self, channel: RabbitMQChannel, queue: str, publish: Publish) -> None:
        self.queue = queue
        self._channel = channel
        self._publish = publish
        self._prefetched: deque[UnackedMessage] = deque()
        # In the order of their tags.
        self._unacked: dict[int, UnackedMessage] = {}
        self._last_tag = 0
        self._consumer_tag = ""
        self._changed = asyncio.Event()
        self._stopped = False
        self.closed = False
        self._limit = None if is_dead_letter_queue(queue) else DELIVERY_LIMIT
        channel.on_lost.append(self._changed.set)

    @classmethod
    async def open(cls, url: str, queue: str, *, prefetch: int, publish: Publish) -> Self:
        channel = await RabbitMQChannel.connect(url)
        self = cls(channel, queue, publish)
        try:
            await channel.pika.set_qos(prefetch_count=prefetch, timeout=TIMEOUT_S)
            # Not `pika.get_queue(…).consume`: it costs another 20 µs per delivery (ADR 3).
            consuming = await channel.underlay.basic_consume(queue, self._on_delivery, timeout=TIMEOUT_S)
        except LOST as error:
            await channel.close()
            raise unavailable(error) from error
        self._consumer_tag = consuming.consumer_tag or ""
        return self

    async def _on_delivery(self, message: DeliveredMessage) -> None:
        tag = message.delivery_tag or 0
        properties = message.header.properties
        history = DeliveryHistory.read(properties.headers or {})
        unacked = UnackedMessage(tag, message.body, properties.message_id or str(uuid4()), history)
        self._last_tag = tag
        self._unacked[tag] = unacked
        self._prefetched.append(unacked)
        self._changed.set()

    async def receive(self, limit: int, wait: timedelta) -> Sequence[Delivery]:
        if self._stopped:
            raise BrokerUnavailable("the subscription was stopped")
        deadline = asyncio.get_running_loop().time() + wait.total_seconds()
        while not self._stopped:
            self._check()
            self._changed.clear()
            if self._prefetched and (deliveries := await self._hand_over(limit)):
                return deliveries
            try:
                async with asyncio.timeout_at(deadline):
                    await self._changed.wait()
            except TimeoutError:
                break
        return ()

    async def _hand_over(self, limit: int) -> Sequence[Delivery]:
        taken = [self._prefetched.popleft() for _ in range(min(limit, len(self._prefetched)))]
        if self._limit is not None:
            for one in taken:
                if one.history.delivery_count > self._limit:
                    await self._reject(one, POISON, attempts=self._limit)
            taken = [one for one in taken if one.history.delivery_count <= self._limit]
        return [Delivery(one.body, one.history.delivery_count, self._info(one.history), one.tag) for one in taken]

    def _info(self, history: DeliveryHistory) -> DeadLetterInfo | None:
        if history.reason is None:
            return None
        failed_at = history.first_failed_at or datetime.now(UTC)
        return DeadLetterInfo(origin_of(self.queue), history.reason, history.attempts, failed_at)

    async def ack(self, deliveries: Sequence[Delivery]) -> None:
        await self._ack([delivery.handle for delivery in deliveries])

    async def retry(self, delivery: Delivery, delay: timedelta) -> None:
        if one := self._find(delivery):
            headers = one.history.failed().headers(one.history.delivery_count)
            await self._move(one, retry_queue(self.queue, delay), headers)

    async def release(self, deliveries: Sequence[Delivery]) -> None:
        # Not by nack: the broker would count that as a failed delivery.
        await self._release([one for delivery in deliveries if (one := self._find(delivery))])

    async def dead_letter(self, delivery: Delivery, reason: str) -> None:
        if one := self._find(delivery):
            await self._reject(one, reason, attempts=one.history.delivery_count)

    async def _reject(self, one: UnackedMessage, reason: str, *, attempts: int) -> None:
        history = DeliveryHistory(0, one.history.failed().first_failed_at, reason, attempts)
        await self._move(one, dead_letter_queue(self.queue), history.headers(0))

    async def _release(self, messages: Sequence[UnackedMessage]) -> None:
        await self._publish(
            [
                RoutedMessage(
                    "", self.queue, one.message_id, one.body, one.history.headers(one.history.delivery_count - 1)
                )
                for one in messages
            ]
        )
        await self._ack([one.tag for one in messages])

    async def _move(self, one: UnackedMessage, queue: str, headers: Mapping[str, Any]) -> None:
        await self._publish([RoutedMessage("", queue, one.message_id, one.body, headers)])
        await self._ack([one.tag])

    def _find(self, delivery: Delivery) -> UnackedMessage | None:
        self._check()
        return self._unacked.get(delivery.handle)

    async def _ack(self, tags: Sequence[int]) -> None:
        settled = [tag for tag in tags if self._unacked.pop(tag, None)]
        if not settled:
            return
        self._check()
        # Everything below the oldest unacknowledged message is settled: one frame acknowledges it.
        oldest = next(iter(self._unacked), self._last_tag + 1)
        below = max((tag for tag in settled if tag < oldest), default=0)
        try:
            # aiormq would wait for ever to hand a frame to a writer that ended with its connection.
            async with asyncio.timeout(TIMEOUT_S):
                if below:
                    await self._channel.underlay.basic_ack(below, multiple=True, wait=False)
                for tag in settled:
                    if tag > below:
                        await self._channel.underlay.basic_ack(tag, wait=False)
        except LOST as error:
            # RabbitMQ redelivers these messages over the next connection.
            self._channel.lose()
            raise unavailable(error) from error

    def _check(self) -> None:
        if self._channel.is_lost:
            raise BrokerUnavailable("the subscription's connection to RabbitMQ is gone")

    async def stop(self) -> None:
        if self._stopped:
            return
        self._stopped = True
        self._changed.set()
        self._check()
        try:
            await self._channel.underlay.basic_cancel(self._consumer_tag, timeout=TIMEOUT_S)
            prefetched, self._prefetched = list(self._prefetched), deque()
            await self._release(prefetched)
        except LOST as error:
            raise unavailable(error) from error

    async def close(self) -> None:
        if self.closed:
            return
        self.closed = True
        # What cannot be released now comes again when the connection ends, and that delivery counts.
        with suppress(*LOST, TransientError):
            await self.stop()
            await self._release(list(self._unacked.values()))
        await self._channel.close()
