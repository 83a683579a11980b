"""The buses under test. Each starts empty, and its connections can be cut."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from orylo_common.broker.connect import open_broker
from orylo_common.broker.ports import Broker, Delivery, QueueSubscription
from orylo_common.broker.postgres.broker import PostgresBroker
from orylo_common.broker.postgres.subscription import PostgresSubscription
from orylo_common.broker.rabbitmq.broker import RabbitMQBroker
from orylo_common.broker.rabbitmq.subscription import RabbitMQSubscription
from orylo_common.broker.rabbitmq.topology import waiting_queues
from orylo_common.broker.sqs.broker import SqsBroker
from orylo_common.broker.sqs.subscription import SqsSubscription
from orylo_common.broker.topology import QUEUES, dead_letter_queue
from orylo_common.ids import uuid7
from tests.support.memory_broker import MemoryBroker, MemorySubscription

REAL = ["postgres", "rabbitmq", "sqs"]
BUSES = ["memory", *(pytest.param(name, marks=pytest.mark.integration) for name in REAL)]


@dataclass
class Bus:
    """One bus. `connect` opens another broker on it, and `cut` breaks a subscription's connection."""

    name: str
    broker: Broker
    connect: Callable[[], Awaitable[Broker]]
    cut: Callable[[QueueSubscription], Awaitable[None]]

    def bodies(self, deliveries: Sequence[Delivery]) -> list[str]:
        """Return the sorted bodies. SQS may deliver twice without any failure, so its duplicates are dropped."""
        found = [delivery.body.decode() for delivery in deliveries]
        return sorted(set(found)) if self.name == "sqs" else sorted(found)


@pytest.fixture(params=BUSES)
def bus(request: pytest.FixtureRequest) -> Bus:
    chosen: Bus = request.getfixturevalue(f"{request.param}_bus")
    return chosen


@pytest_asyncio.fixture
async def memory_bus() -> AsyncIterator[Bus]:
    broker = MemoryBroker()

    async def connect() -> Broker:
        return broker

    async def cut(subscription: QueueSubscription) -> None:
        assert isinstance(subscription, MemorySubscription)
        subscription.cut()

    yield Bus("memory", broker, connect, cut)
    await broker.close()


@pytest_asyncio.fixture
async def postgres_bus(postgres_dsn: str) -> AsyncIterator[Bus]:
    admin = await asyncpg.connect(postgres_dsn)
    await admin.execute("TRUNCATE bus.messages, bus.deliveries")
    brokers: list[PostgresBroker] = []

    async def connect() -> PostgresBroker:
        brokers.append(await PostgresBroker.open(postgres_dsn))
        await brokers[-1].declare()
        return brokers[-1]

    async def cut(subscription: QueueSubscription) -> None:
        assert isinstance(subscription, PostgresSubscription)
        pid = subscription._connection.get_server_pid()
        assert await admin.fetchval("SELECT pg_terminate_backend($1)", pid)

    yield Bus("postgres", await connect(), connect, cut)
    for broker in brokers:
        await broker.close()
    await admin.close()


@pytest_asyncio.fixture
async def rabbitmq_bus(rabbitmq_url: str) -> AsyncIterator[Bus]:
    brokers: list[RabbitMQBroker] = []

    async def connect() -> RabbitMQBroker:
        brokers.append(RabbitMQBroker(rabbitmq_url))
        return brokers[-1]

    async def cut(subscription: QueueSubscription) -> None:
        assert isinstance(subscription, RabbitMQSubscription)
        # Abort the socket, below every layer that could close the connection properly.
        writing: Any = subscription._channel.underlay.connection
        writing._writer_task.get_coro().cr_frame.f_locals["writer"].transport.abort()

    broker = await connect()
    channel = await broker._connected()
    for queue in QUEUES:
        for name in waiting_queues(queue) + waiting_queues(dead_letter_queue(queue)):
            await channel.underlay.queue_purge(name)
    yield Bus("rabbitmq", broker, connect, cut)
    for one in brokers:
        await one.close()


@pytest_asyncio.fixture
async def sqs_bus(sqs_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bus]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    url = f"sqs://?region=us-east-1&endpoint={sqs_url}&prefix=t{uuid7().hex}"
    brokers: list[SqsBroker] = []

    async def connect() -> SqsBroker:
        brokers.append(await SqsBroker.open(url))
        await brokers[-1].declare()
        return brokers[-1]

    async def cut(subscription: QueueSubscription) -> None:
        # There is no connection to cut. The messages of a dead consumer reappear after their visibility timeout, which
        # ends here at once.
        assert isinstance(subscription, SqsSubscription)
        subscription.closed = True
        await subscription.stop()
        for receipt in subscription._unsettled:
            await subscription._queue.hide(receipt, 0)

    yield Bus("sqs", await connect(), connect, cut)
    for broker in brokers:
        await broker.close()


@pytest_asyncio.fixture
async def admin(postgres_dsn: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(postgres_dsn)
    await connection.execute("TRUNCATE bus.messages, bus.deliveries")
    yield connection
    await connection.close()


@pytest_asyncio.fixture
async def broker(postgres_dsn: str, admin: asyncpg.Connection) -> AsyncIterator[PostgresBroker]:
    async with open_broker("postgres", postgres_dsn) as opened:
        assert isinstance(opened, PostgresBroker)
        yield opened
