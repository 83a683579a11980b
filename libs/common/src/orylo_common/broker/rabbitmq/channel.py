"""An AMQP connection with one channel, made for batches.

aiormq spends a future, several frames' objects and a lock on every message published, and a task on every one
delivered. Here a batch is one write and one future, and a delivery one call: about 10 us per message in place of
70, and 25 in place of 40. Everything else (connecting, declaring, heartbeats, closing) is aiormq's.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self

import aiormq
import pamqp.frame
from aiormq.abc import ChannelFrame, ConfirmationFrameType, DeliveredMessage
from pamqp import commands
from pamqp.header import ContentHeader
from yarl import URL

from orylo_common.broker.ports import BrokerUnavailable, PublishNotConfirmed

# The only channel of its connection.
NUMBER = 1
CONNECT_TIMEOUT_S = 5.0
CONFIRM_TIMEOUT_S = 30.0
# Two missed in a row and the connection is given up.
HEARTBEAT_S = 10

# What aiormq raises when the broker is away or hangs up; RuntimeError is its word for "already closed".
LOST = (aiormq.AMQPError, OSError, TimeoutError, EOFError, RuntimeError)

FRAME_END = b"\xce"


@dataclass(frozen=True, slots=True)
class Publication:
    """One message to one routing key. It has to reach a queue, or the batch fails, if `mandatory`."""

    exchange: str
    routing_key: str
    message_id: str
    body: bytes
    headers: Mapping[str, Any] | None = None
    mandatory: bool = True


class Batch:
    """Messages published together; `confirmed` is done once the broker has answered for all of them."""

    def __init__(self, tags: range, confirmed: asyncio.Future[None]) -> None:
        self.missing = set(tags)
        self.confirmed = confirmed

    def answered(self, tag: int, *, multiple: bool, good: bool) -> None:
        meant = {missing for missing in self.missing if missing <= tag} if multiple else self.missing & {tag}
        self.missing -= meant
        if meant and not good:
            self.fail("RabbitMQ refused a message")
        elif not self.missing and not self.confirmed.done():
            self.confirmed.set_result(None)

    def fail(self, reason: str) -> None:
        if not self.confirmed.done():
            self.confirmed.set_exception(PublishNotConfirmed(reason))


class RabbitMQChannel(aiormq.Channel):
    """A channel in confirm mode. `lost` is called when it, or its connection, has come to its end."""

    def __init__(self, connection: aiormq.Connection) -> None:
        super().__init__(connection, NUMBER)
        self.deliver: Callable[[DeliveredMessage], None] = lambda message: None
        self.lost: Callable[[], None] = lambda: None
        self.is_lost = False
        self._batches: list[Batch] = []
        self._next_tag = 1
        self._writing = asyncio.Lock()
        self.on_consumer_cancel_callbacks.add(lambda frame: self._end())

    @classmethod
    async def connect(cls, url: str) -> Self:
        """Raises `BrokerUnavailable`."""
        address = URL(url)
        connection = aiormq.Connection(address.update_query({"heartbeat": str(HEARTBEAT_S), **address.query}))
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await connection.connect()
                channel = cls(connection)
                connection.channels[NUMBER] = channel
                await channel.open()
        except LOST as error:
            await connection.close()
            raise unavailable(error) from error
        channel.closing.add_done_callback(lambda _: channel._end())
        return channel

    async def publish(self, publications: Sequence[Publication]) -> None:
        """Returns once all are confirmed. Raises `PublishNotConfirmed`."""
        if not publications:
            return
        batch = await self._write_batch(publications)
        try:
            async with asyncio.timeout(CONFIRM_TIMEOUT_S):
                await batch.confirmed
        except TimeoutError as error:
            raise PublishNotConfirmed(f"RabbitMQ did not confirm within {CONFIRM_TIMEOUT_S:.0f} s") from error
        finally:
            self._batches.remove(batch)

    async def _write_batch(self, publications: Sequence[Publication]) -> Batch:
        # The broker numbers messages as they arrive, so numbering and writing are one step.
        async with self._writing:
            if self.is_lost:
                raise PublishNotConfirmed("the connection to RabbitMQ is gone")
            after = self._next_tag + len(publications)
            batch = Batch(range(self._next_tag, after), self.loop.create_future())
            self._batches.append(batch)
            try:
                await self._write(b"".join(_frames(one, self.max_content_size) for one in publications))
            except BaseException:
                # Not one byte of it was written.
                self._batches.remove(batch)
                raise
            self._next_tag = after
        return batch

    async def ack(self, tags: Sequence[int], *, below: int = 0) -> None:
        """Acknowledge `tags`, and with one frame everything up to `below`."""
        frames = [_ack_frame(tag) for tag in tags if tag > below]
        if below:
            frames.insert(0, _ack_frame(below, multiple=True))
        await self._write(b"".join(frames))

    async def _write(self, payload: bytes) -> None:
        if self.is_lost:
            raise BrokerUnavailable("the connection to RabbitMQ is gone")
        await self.write_queue.put(ChannelFrame(payload=payload, should_close=False))

    async def shut(self) -> None:
        """Close the connection, gone already or not; acknowledgements written before have arrived."""
        with suppress(*LOST):
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                # A handshake behind whatever is still to be written, which closing the connection would discard.
                await self.close()
        with suppress(*LOST):
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await self.connection.close()

    def _end(self) -> None:
        self.is_lost = True
        for batch in self._batches:
            batch.fail("the connection to RabbitMQ was lost before it confirmed")
        self.lost()

    async def _on_confirm_frame(self, frame: ConfirmationFrameType) -> None:
        multiple = not isinstance(frame, commands.Basic.Reject) and bool(frame.multiple)
        for batch in self._batches:
            batch.answered(frame.delivery_tag or 0, multiple=multiple, good=isinstance(frame, commands.Basic.Ack))

    async def _on_return_frame(self, frame: commands.Basic.Return) -> None:
        # It does not say whose; that a queue is missing concerns all of them.
        await self._read_content(frame, await self._content_header())
        for batch in self._batches:
            batch.fail(f"no queue in RabbitMQ takes {frame.routing_key}")

    async def _on_deliver_frame(self, frame: commands.Basic.Deliver) -> None:
        self.deliver(await self._read_content(frame, await self._content_header()))

    async def _content_header(self) -> ContentHeader:
        header = await self._get_frame()
        if not isinstance(header, ContentHeader):
            raise aiormq.InvalidFrameError(header)
        return header


def unavailable(error: BaseException) -> BrokerUnavailable:
    return BrokerUnavailable(f"RabbitMQ does not answer ({type(error).__name__})")


def _frames(publication: Publication, max_body: int) -> bytes:
    size = len(publication.body)
    header = _header(publication, size) if publication.headers else _plain_header(publication.message_id, size)
    method = _method(publication.exchange, publication.routing_key, publication.mandatory)
    return method + header + b"".join(_body_frames(publication.body, max_body))


@lru_cache(maxsize=256)
def _method(exchange: str, routing_key: str, mandatory: bool) -> bytes:
    frame = commands.Basic.Publish(exchange=exchange, routing_key=routing_key, mandatory=mandatory)
    return pamqp.frame.marshal(frame, NUMBER)


def _body_frames(body: bytes, max_body: int) -> list[bytes]:
    parts = [body] if len(body) <= max_body else [body[at : at + max_body] for at in range(0, len(body), max_body)]
    return [b"\x03" + NUMBER.to_bytes(2, "big") + len(part).to_bytes(4, "big") + part + FRAME_END for part in parts]


def _header(publication: Publication, size: int) -> bytes:
    properties = commands.Basic.Properties(
        content_type="application/json",
        headers=dict(publication.headers or {}),
        delivery_mode=2,
        message_id=publication.message_id,
    )
    return pamqp.frame.marshal(ContentHeader(body_size=size, properties=properties), NUMBER)


# Most headers differ only in the body's size, at bytes 11 to 19, and in the message's id, at the end.
_ID = "0" * 36
_TEMPLATE = _header(Publication("", "", _ID, b""), 0)
_BEFORE_SIZE = _TEMPLATE[:11]
_BEFORE_ID = _TEMPLATE[19 : -len(_ID) - 1]


def _plain_header(message_id: str, size: int) -> bytes:
    return _BEFORE_SIZE + size.to_bytes(8, "big") + _BEFORE_ID + message_id.encode() + FRAME_END


def _ack_frame(tag: int, *, multiple: bool = False) -> bytes:
    return pamqp.frame.marshal(commands.Basic.Ack(delivery_tag=tag, multiple=multiple), NUMBER)
