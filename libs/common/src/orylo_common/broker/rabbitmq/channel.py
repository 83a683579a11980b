"""A connection to RabbitMQ with one channel in confirm mode.

aio-pika connects, declares, sends heartbeats and closes. Where its cost per message matters, `publishing.py` and
`subscription.py` use the public methods and attributes of its underlay channel (`aiormq.Channel`).
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Self

import aio_pika
import aiormq
from aio_pika.abc import AbstractChannel, AbstractConnection
from aio_pika.exceptions import AMQPError
from yarl import URL

from orylo_common.broker.ports import BrokerUnavailable

CONNECT_TIMEOUT_S = 5.0
CLOSE_TIMEOUT_S = 5.0
# A connection that is silent for three heartbeats is closed.
HEARTBEAT_S = 10

# aio-pika's errors when the broker is unreachable or disconnects. RuntimeError: the channel is already closed.
LOST = (AMQPError, OSError, TimeoutError, EOFError, RuntimeError)


class RabbitMQChannel:
    """An aio-pika channel on a dedicated connection.

    The callbacks in `on_lost` are called when the channel or its connection ends, or when the broker cancels the
    channel's consumer.
    """

    def __init__(self, connection: AbstractConnection, channel: AbstractChannel, underlay: aiormq.Channel) -> None:
        self.pika = channel
        self.underlay = underlay
        self.on_lost: list[Callable[[], None]] = []
        self._connection = connection
        self._lost = False
        channel.close_callbacks.add(lambda *_: self.lose())
        underlay.on_consumer_cancel_callbacks.add(lambda _: self.lose())

    @classmethod
    async def connect(cls, url: str) -> Self:
        """Open a connection and its channel. Raises `BrokerUnavailable`."""
        address = URL(url)
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                connection = await aio_pika.connect(
                    address.update_query({"heartbeat": str(HEARTBEAT_S), **address.query})
                )
                try:
                    channel = await connection.channel()
                    underlay = await channel.get_underlay_channel()
                except BaseException:
                    await _close(connection.close)
                    raise
        except LOST as error:
            raise unavailable(error) from error
        if not isinstance(underlay, aiormq.Channel):
            raise TypeError(f"aio-pika is not built on aiormq's channel: {underlay!r}")
        return cls(connection, channel, underlay)

    @property
    def is_lost(self) -> bool:
        return self._lost or self.pika.is_closed

    def lose(self) -> None:
        """Treat the connection as lost, so that its users replace it."""
        self._lost = True
        for callback in self.on_lost:
            callback()

    async def close(self) -> None:
        """Close channel and connection in any state. Acknowledgements sent before reach the broker."""
        # The channel first: its handshake is written after all pending frames. Closing the connection drops those.
        await _close(self.pika.close)
        await _close(self._connection.close)


async def _close(close: Callable[[], Awaitable[None]]) -> None:
    # Do not cancel `close` after the timeout: aio-pika would then wait for an event that never occurs. If the broker
    # does not answer, the missing heartbeat ends the connection and `close` with it.
    closing = asyncio.ensure_future(close())
    with suppress(*LOST):
        async with asyncio.timeout(CLOSE_TIMEOUT_S):
            await asyncio.shield(closing)


def unavailable(error: BaseException) -> BrokerUnavailable:
    return BrokerUnavailable(f"RabbitMQ does not answer ({type(error).__name__})")
