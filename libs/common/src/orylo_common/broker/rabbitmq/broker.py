"""The event bus in RabbitMQ: quorum queues, publisher confirms, delayed retries.

The publisher and each subscription use separate connections: the broker may block publishers when its disk is full,
and acknowledgements must still reach it. A lost connection is replaced when it is next needed. The topology is then
declared again, because the new broker may be empty.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence
from uuid import UUID

from orylo_common.broker.ports import BrokerUnavailable, Outgoing, PublishNotConfirmed
from orylo_common.broker.rabbitmq.channel import LOST, RabbitMQChannel, unavailable
from orylo_common.broker.rabbitmq.publishing import BatchPublisher, RoutedMessage
from orylo_common.broker.rabbitmq.subscription import RabbitMQSubscription
from orylo_common.broker.rabbitmq.topology import EXCHANGE, declare, waiting_queues
from orylo_common.broker.topology import QUEUES, queues_for

CHECK_TIMEOUT_S = 5


class RabbitMQBroker:
    """Broker over AMQP 0-9-1."""

    def __init__(self, url: str) -> None:
        # These libraries log every error that they raise, with a traceback. Our code logs it where it is handled.
        for library in ("aiormq", "aio_pika"):
            logging.getLogger(library).setLevel(logging.CRITICAL)
        self._url = url
        self._channel: RabbitMQChannel | None = None
        self._connecting = asyncio.Lock()
        self._subscriptions: list[RabbitMQSubscription] = []

    async def _connected(self) -> RabbitMQChannel:
        """Return the publisher's channel. Connect and declare the topology first if there is none."""
        async with self._connecting:
            if self._channel is None or self._channel.is_lost:
                channel = await RabbitMQChannel.connect(self._url)
                try:
                    await declare(channel.pika)
                except LOST as error:
                    await channel.close()
                    raise unavailable(error) from error
                self._channel = channel
                self._publisher = BatchPublisher(channel)
            return self._channel

    async def declare(self) -> None:
        channel = await self._connected()
        try:
            await declare(channel.pika)
        except LOST as error:
            raise unavailable(error) from error

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        await self._publish(
            [
                RoutedMessage(EXCHANGE, one.type, str(one.message_id), one.body, mandatory=bool(queues_for(one.type)))
                for one in messages
            ]
        )

    def hand_over(self, message: Outgoing, settled: Callable[[UUID, bool], None]) -> bool:
        return False

    async def redrive(self, queue: str, messages: Sequence[Outgoing]) -> None:
        await self._publish([RoutedMessage("", queue, str(one.message_id), one.body) for one in messages])

    async def _publish(self, messages: Sequence[RoutedMessage]) -> None:
        try:
            channel = await self._connected()
        except BrokerUnavailable as error:
            raise PublishNotConfirmed(str(error)) from error
        try:
            await self._publisher.publish(messages)
        except PublishNotConfirmed:
            # The connection may be stuck, or a queue missing: the next publish reconnects and declares the topology.
            await channel.close()
            raise

    async def subscribe(self, queue: str, *, prefetch: int) -> RabbitMQSubscription:
        await self._connected()
        subscription = await RabbitMQSubscription.open(self._url, queue, prefetch=prefetch, publish=self._publish)
        self._subscriptions = [one for one in self._subscriptions if not one.closed] + [subscription]
        return subscription

    async def depths(self, queues: Collection[str]) -> dict[str, int]:
        channel = await self._connected()
        depths = dict.fromkeys(queues, 0)
        try:
            for queue in queues:
                for name in waiting_queues(queue):
                    declared = await channel.pika.declare_queue(name, passive=True, timeout=CHECK_TIMEOUT_S)
                    depths[queue] += declared.declaration_result.message_count or 0
        except LOST as error:
            raise unavailable(error) from error
        return depths

    async def ping(self) -> None:
        channel = await self._connected()
        try:
            await channel.pika.declare_queue(next(iter(QUEUES)), passive=True, timeout=CHECK_TIMEOUT_S)
        except LOST as error:
            raise unavailable(error) from error

    async def close(self) -> None:
        for subscription in self._subscriptions:
            await subscription.close()
        if self._channel is not None:
            await self._channel.close()
