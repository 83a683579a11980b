"""The event bus in RabbitMQ: quorum queues, publisher confirms, delayed retries.

Publishing and each subscription have a connection of their own: the broker may hold up a publisher when its disk
is full, and acknowledgements must then still reach it. A lost connection is made anew by whoever needs it next,
and the topology declared again, since it may be an empty broker that answers.
"""

import asyncio
import logging
from collections.abc import Sequence

from orylo_common.broker.ports import BrokerUnavailable, Outgoing, PublishNotConfirmed
from orylo_common.broker.rabbitmq.channel import LOST, Publication, RabbitMQChannel, unavailable
from orylo_common.broker.rabbitmq.subscription import RabbitMQSubscription
from orylo_common.broker.rabbitmq.topology import EXCHANGE, declare, waiting_queues
from orylo_common.broker.topology import QUEUES, queues_for


class RabbitMQBroker:
    """Broker over AMQP 0-9-1."""

    def __init__(self, url: str) -> None:
        # What aiormq would log, with a traceback per attempt, is raised too, and logged where it is dealt with.
        logging.getLogger("aiormq").setLevel(logging.CRITICAL)
        self._url = url
        self._channel: RabbitMQChannel | None = None
        self._connecting = asyncio.Lock()
        self._subscriptions: list[RabbitMQSubscription] = []

    async def _connected(self) -> RabbitMQChannel:
        """The publisher's channel, with the topology declared since it was opened."""
        async with self._connecting:
            if self._channel is None or self._channel.is_lost:
                channel = await RabbitMQChannel.connect(self._url)
                try:
                    await declare(channel)
                except LOST as error:
                    await channel.shut()
                    raise unavailable(error) from error
                self._channel = channel
            return self._channel

    async def declare(self) -> None:
        channel = await self._connected()
        try:
            await declare(channel)
        except LOST as error:
            raise unavailable(error) from error

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        await self._publish(
            [
                Publication(EXCHANGE, one.type, str(one.message_id), one.body, mandatory=bool(queues_for(one.type)))
                for one in messages
            ]
        )

    async def redrive(self, queue: str, messages: Sequence[Outgoing]) -> None:
        await self._publish([Publication("", queue, str(one.message_id), one.body) for one in messages])

    async def _publish(self, publications: Sequence[Publication]) -> None:
        try:
            channel = await self._connected()
        except BrokerUnavailable as error:
            raise PublishNotConfirmed(str(error)) from error
        try:
            await channel.publish(publications)
        except PublishNotConfirmed:
            # It may be stuck, or a queue may be missing: the next one starts afresh.
            await channel.shut()
            raise

    async def subscribe(self, queue: str, *, prefetch: int) -> RabbitMQSubscription:
        await self._connected()
        subscription = await RabbitMQSubscription.open(self._url, queue, prefetch=prefetch, publish=self._publish)
        self._subscriptions = [one for one in self._subscriptions if not one.closed] + [subscription]
        return subscription

    async def depth(self, queue: str) -> int:
        channel = await self._connected()
        try:
            waiting = [await channel.queue_declare(name, passive=True) for name in waiting_queues(queue)]
        except LOST as error:
            raise unavailable(error) from error
        return sum(answer.message_count or 0 for answer in waiting)

    async def ping(self) -> None:
        channel = await self._connected()
        try:
            await channel.queue_declare(next(iter(QUEUES)), passive=True, timeout=5)
        except LOST as error:
            raise unavailable(error) from error

    async def close(self) -> None:
        for subscription in self._subscriptions:
            await subscription.close()
        if self._channel is not None:
            await self._channel.shut()
