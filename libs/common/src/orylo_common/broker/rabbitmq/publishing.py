"""Publish batches to RabbitMQ and wait for their confirms.

aio-pika's `publish` creates a task and several futures and makes one write per message: eleven times the CPU (ADR 3).
Here a batch is one write, and each message is one future in the channel's table of confirms.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pamqp.frame
from aiormq.abc import ChannelFrame, DeliveredMessage
from pamqp import commands
from pamqp.body import ContentBody
from pamqp.header import ContentHeader

from orylo_common.broker.ports import PublishNotConfirmed
from orylo_common.broker.rabbitmq.channel import LOST, RabbitMQChannel

CONFIRM_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class RoutedMessage:
    """A message with its exchange and routing key. A `mandatory` message must reach a queue, or its batch fails."""

    exchange: str
    routing_key: str
    message_id: str
    body: bytes
    headers: Mapping[str, Any] | None = None
    mandatory: bool = True


class Batch:
    """The confirms of messages published together. `confirmed` is done once the broker has confirmed all of them."""

    def __init__(self, size: int) -> None:
        self.confirmed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        # A batch may fail while it is still being written: asyncio must not log the error as never retrieved.
        self.confirmed.add_done_callback(lambda confirmed: confirmed.cancelled() or confirmed.exception())
        self._missing = size

    def count(self, confirm: asyncio.Future[Any]) -> None:
        """Count the confirm of one message."""
        self._missing -= 1
        if confirm.exception() is not None:
            self.fail("RabbitMQ refused a message")
        elif not self._missing and not self.confirmed.done():
            self.confirmed.set_result(None)

    def fail(self, reason: str) -> None:
        if not self.confirmed.done():
            self.confirmed.set_exception(PublishNotConfirmed(reason))


class BatchPublisher:
    """Publish batches over one channel. Concurrent batches do not wait for each other."""

    def __init__(self, channel: RabbitMQChannel) -> None:
        self._channel = channel.underlay
        self._batches: set[Batch] = set()
        channel.on_lost.append(lambda: self._fail("the connection to RabbitMQ was lost before it confirmed"))
        self._channel.on_return_callbacks.add(self._on_return)

    async def publish(self, messages: Sequence[RoutedMessage]) -> None:
        """Return once all messages are confirmed. Raises `PublishNotConfirmed`."""
        if not messages:
            return
        batch = Batch(len(messages))
        self._batches.add(batch)
        tags = range(0)
        try:
            async with asyncio.timeout(CONFIRM_TIMEOUT_S):
                tags = await self._write(messages, batch)
                await batch.confirmed
        except TimeoutError as error:
            raise PublishNotConfirmed(f"RabbitMQ did not confirm within {CONFIRM_TIMEOUT_S:.0f} s") from error
        except LOST as error:
            raise PublishNotConfirmed("the connection to RabbitMQ was lost") from error
        finally:
            self._batches.discard(batch)
            self._forget_ids(messages, tags)

    async def _write(self, messages: Sequence[RoutedMessage], batch: Batch) -> range:
        """Write all messages at once, and return the delivery tags that the broker assigns to them."""
        channel, create_future = self._channel, batch.confirmed.get_loop().create_future
        payload = b"".join(frames(one, channel.number, channel.max_content_size) for one in messages)
        # The broker numbers messages in order of arrival. The lock, and having no `await` after the write, keep the
        # numbers here the same.
        async with channel.lock:
            await channel.write_queue.put(ChannelFrame(payload=payload, should_close=False))
            tags = range(channel.delivery_tag + 1, channel.delivery_tag + 1 + len(messages))
            channel.delivery_tag += len(messages)
            for tag, message in zip(tags, messages, strict=True):
                confirm = channel.confirmations[tag] = create_future()
                confirm.add_done_callback(batch.count)
                # aiormq reports a returned message only if it finds its ID here.
                channel.message_id_delivery_tag[message.message_id] = tag
        return tags

    def _forget_ids(self, messages: Sequence[RoutedMessage], tags: range) -> None:
        known = self._channel.message_id_delivery_tag
        for tag, message in zip(tags, messages, strict=False):
            # Keep the entry if another unconfirmed batch contains the same message.
            if known.get(message.message_id) == tag:
                del known[message.message_id]

    def _on_return(self, message: DeliveredMessage) -> None:
        # A missing queue affects every unconfirmed batch.
        self._fail(f"RabbitMQ has no queue for {message.routing_key}")

    def _fail(self, reason: str) -> None:
        for batch in self._batches:
            batch.fail(reason)


def frames(message: RoutedMessage, channel: int, max_body: int) -> bytes:
    """Marshal a message into its AMQP frames: method, header and body."""
    method = _method(message.exchange, message.routing_key, message.mandatory, channel)
    if message.headers:
        header = _header(message.message_id, len(message.body), channel, message.headers)
    else:
        header = _plain_header(message.message_id, len(message.body), channel)
    parts = (message.body[at : at + max_body] for at in range(0, len(message.body), max_body))
    return b"".join([method, header, *(pamqp.frame.marshal(ContentBody(part), channel) for part in parts)])


@lru_cache(maxsize=256)
def _method(exchange: str, routing_key: str, mandatory: bool, channel: int) -> bytes:
    frame = commands.Basic.Publish(exchange=exchange, routing_key=routing_key, mandatory=mandatory)
    return pamqp.frame.marshal(frame, channel)


def _header(message_id: str, size: int, channel: int, headers: Mapping[str, Any] | None = None) -> bytes:
    properties = commands.Basic.Properties(
        content_type="application/json",
        headers=dict(headers) if headers else None,
        delivery_mode=2,
        message_id=message_id,
    )
    return pamqp.frame.marshal(ContentHeader(body_size=size, properties=properties), channel)


def _plain_header(message_id: str, size: int, channel: int) -> bytes:
    # Marshalling a header costs 8 µs. Without custom headers, only the body size (bytes 11 to 19) and the ID (the last
    # field before the end of the frame) differ between messages.
    identifier = message_id.encode()
    template = _template(len(identifier), channel)
    return template[:11] + size.to_bytes(8, "big") + template[19 : -len(identifier) - 1] + identifier + b"\xce"


@lru_cache(maxsize=16)
def _template(id_length: int, channel: int) -> bytes:
    return _header("0" * id_length, 0, channel)
