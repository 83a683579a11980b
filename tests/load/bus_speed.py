"""Measure what a confirmed message and a delivery cost on RabbitMQ, in batches and one by one.

    python -m tests.load.bus_speed [--messages 40000] [--rounds 3]

Prints the CPU time of this process and the elapsed time per message, the best of several rounds. Each message of 2 kB
goes to one quorum queue. RabbitMQ shares the machine. The same work through plain aio-pika is printed for comparison:
it shows what the adapter's batches save.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import aio_pika
import uvloop

from orylo_common.broker.connect import open_broker
from orylo_common.broker.ports import Broker, Delivery, Outgoing
from orylo_common.ids import uuid7
from tests.load.report import heading, line, machine
from tests.support.rabbitmq import rabbitmq_server

QUEUE = "trust"
# Only `trust` is bound to it.
TYPE = "customer.status_set.v1"
BODY = b'{"text":"' + b"x" * 1_990 + b'"}'
# As large as the outbox relay's batches are under load.
BATCH = 200
PREFETCH = 500
# One by one, everything waits for a round trip: fewer messages give the same figure.
SINGLES_SHARE = 20
WAIT = timedelta(seconds=20)


@dataclass(frozen=True)
class Cost:
    """Microseconds per message."""

    cpu: float
    elapsed: float

    def __str__(self) -> str:
        return f"{self.cpu:7.1f} µs CPU  {self.elapsed:7.1f} µs elapsed"


async def cost(work: Awaitable[None], count: int) -> Cost:
    began, used = time.perf_counter(), time.process_time()
    await work
    return Cost((time.process_time() - used) / count * 1e6, (time.perf_counter() - began) / count * 1e6)


def outgoing(count: int) -> list[Outgoing]:
    return [Outgoing(uuid7(), TYPE, BODY) for _ in range(count)]


class Adapter:
    """The work through the port that the services use."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    async def publish(self, count: int, *, batch: int) -> None:
        for _ in range(count // batch):
            await self._broker.publish(outgoing(batch))

    async def consume(self, count: int, *, batch: int) -> None:
        subscription = await self._broker.subscribe(QUEUE, prefetch=PREFETCH)
        for _ in range(count // batch):
            deliveries: list[Delivery] = []
            while len(deliveries) < batch:
                deliveries += await subscription.receive(batch - len(deliveries), WAIT)
            await subscription.ack(deliveries)
        await subscription.close()


class PlainAioPika:
    """The same work in the way aio-pika's documentation shows it."""

    def __init__(self, connection: aio_pika.abc.AbstractConnection) -> None:
        self._connection = connection

    async def publish(self, count: int, *, batch: int) -> None:
        async with self._connection.channel(on_return_raises=True) as channel:
            exchange = await channel.get_exchange("orylo", ensure=False)
            for _ in range(count // batch):
                sending = [exchange.publish(self._message(one), one.type) for one in outgoing(batch)]
                await asyncio.gather(*sending)

    def _message(self, one: Outgoing) -> aio_pika.Message:
        return aio_pika.Message(
            one.body,
            content_type="application/json",
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
            message_id=str(one.message_id),
        )

    async def consume(self, count: int, *, batch: int) -> None:
        async with self._connection.channel() as channel:
            await channel.set_qos(prefetch_count=PREFETCH)
            queue = await channel.get_queue(QUEUE, ensure=False)
            waiting: asyncio.Queue[aio_pika.abc.AbstractIncomingMessage] = asyncio.Queue()
            tag = await queue.consume(waiting.put)
            for _ in range(count // batch):
                messages = [await waiting.get() for _ in range(batch)]
                await messages[-1].ack(multiple=True)
            await queue.cancel(tag)


async def measure(name: str, subject: Adapter | PlainAioPika, messages: int, rounds: int) -> None:
    kinds = {f"in batches of {BATCH}": (BATCH, messages), "one by one": (1, messages // SINGLES_SHARE)}
    for kind, (batch, count) in kinds.items():
        published, consumed = [], []
        for _ in range(rounds):
            published.append(await cost(subject.publish(count, batch=batch), count))
            consumed.append(await cost(subject.consume(count, batch=batch), count))
        line(f"{name}: cost per confirmed message, {kind}", str(min(published, key=lambda one: one.cpu)))
        line(f"{name}: cost per delivery, {kind}", str(min(consumed, key=lambda one: one.cpu)))


async def run(url: str, messages: int, rounds: int) -> None:
    heading(
        f"RabbitMQ: best of {rounds} rounds, {messages:,} messages in batches, 1/{SINGLES_SHARE} of them one by one"
    )
    async with open_broker(url, "") as broker:
        await measure("adapter", Adapter(broker), messages, rounds)
        async with await aio_pika.connect(url) as connection:
            await measure("aio-pika", PlainAioPika(connection), messages, rounds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=40_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    machine()
    with tempfile.TemporaryDirectory(prefix="orylo-load-") as folder:
        place = Path(folder) / "rabbitmq"
        place.mkdir(mode=0o755)
        with rabbitmq_server(place) as node:
            uvloop.run(run(node.url("%2F"), arguments.messages, arguments.rounds))


if __name__ == "__main__":
    main()
