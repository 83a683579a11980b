"""Failures of RabbitMQ alone: a lost topology, and rejected messages."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from orylo_common.broker.connect import open_broker
from orylo_common.broker.ports import BrokerUnavailable, Outgoing, PublishNotConfirmed
from orylo_common.broker.rabbitmq import subscription as subscription_module
from orylo_common.broker.rabbitmq.broker import RabbitMQBroker
from orylo_common.broker.rabbitmq.topology import DELAYS, retry_queue
from orylo_common.ids import uuid7
from tests.support.eventually import eventually

pytestmark = pytest.mark.integration

STATUS_SET = "customer.status_set.v1"
SOON = timedelta(seconds=45)


@pytest_asyncio.fixture
async def broker(rabbitmq_url: str) -> AsyncIterator[RabbitMQBroker]:
    broker = RabbitMQBroker(rabbitmq_url)
    channel = (await broker._connected()).pika
    await (await channel.get_queue("trust")).purge()
    yield broker
    await broker.close()


def outgoing() -> list[Outgoing]:
    return [Outgoing(uuid7(), STATUS_SET, b"{}")]


async def test_a_deleted_queue_is_noticed_and_declared_again(broker: RabbitMQBroker) -> None:
    subscription = await broker.subscribe("trust", prefetch=10)
    await (await broker._connected()).pika.queue_delete("trust")

    with pytest.raises(BrokerUnavailable):
        await subscription.receive(1, SOON)
    # The exchange would confirm the message, although no queue receives it.
    with pytest.raises(PublishNotConfirmed, match=STATUS_SET):
        await broker.publish(outgoing())

    await broker.publish(outgoing())
    again = await broker.subscribe("trust", prefetch=10)
    (delivery,) = await again.receive(1, SOON)
    await again.ack([delivery])
    await again.close()


async def test_a_message_rejected_by_a_full_queue_is_not_confirmed(broker: RabbitMQBroker) -> None:
    channel = await broker._connected()
    arguments: dict[str, Any] = {"x-queue-type": "quorum", "x-max-length": 1, "x-overflow": "reject-publish"}
    full = await channel.pika.declare_queue("full", durable=True, arguments=arguments)
    await full.bind("orylo", routing_key=STATUS_SET)

    async def refused() -> bool:
        try:
            await broker.publish(outgoing())
        except PublishNotConfirmed:
            return True
        return False

    await eventually(refused)
    await (await broker._connected()).pika.queue_delete("full")
    await broker.publish(outgoing())


async def test_a_publisher_reconnects_after_its_connection_was_cut(broker: RabbitMQBroker) -> None:
    first = await broker._connected()
    await first.underlay.connection.close()
    await broker.publish(outgoing())
    assert await broker._connected() is not first


async def test_an_acknowledgement_that_cannot_be_sent_ends_the_subscription(
    broker: RabbitMQBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection may end while a frame waits for its writer. The consumer must not wait with it."""
    subscription = await broker.subscribe("trust", prefetch=10)
    await broker.publish(outgoing())
    deliveries = await subscription.receive(1, SOON)

    async def wait_for_ever(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(subscription_module, "TIMEOUT_S", 0.1)
    monkeypatch.setattr(subscription._channel.underlay, "basic_ack", wait_for_ever)
    with pytest.raises(BrokerUnavailable):
        await subscription.ack(deliveries)
    with pytest.raises(BrokerUnavailable):
        await subscription.receive(1, SOON)
    await subscription.close()

    again = await broker.subscribe("trust", prefetch=10)
    (delivery,) = await again.receive(1, SOON)
    await again.ack([delivery])
    await again.close()


async def test_the_url_chooses_the_broker(rabbitmq_url: str) -> None:
    async with open_broker(rabbitmq_url, "postgresql:///unused") as broker:
        await broker.ping()
        assert isinstance(broker, RabbitMQBroker)


async def test_a_broker_that_does_not_answer_is_unavailable() -> None:
    with pytest.raises(BrokerUnavailable):
        await RabbitMQBroker("amqp://guest:guest@127.0.0.1:1/").declare()


def test_a_delay_uses_the_shortest_retry_queue_that_covers_it() -> None:
    assert retry_queue("trust", timedelta()) == "trust.retry.250ms"
    assert retry_queue("trust", timedelta(seconds=1)) == "trust.retry.1s"
    assert retry_queue("trust", timedelta(seconds=1.001)) == "trust.retry.4s"
    assert retry_queue("trust", timedelta(days=1)) == "trust.retry.1h"
    assert list(DELAYS.values()) == sorted(DELAYS.values())
