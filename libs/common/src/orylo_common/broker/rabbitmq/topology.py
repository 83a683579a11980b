"""The exchange and the queues in RabbitMQ 3.10 or later, made from `topology.py`.

A queue `detector` has its dead letters in `detector.dlq`. Its retries wait in `detector.retry.1s` and so on: one
queue per delay, whose messages expire in the order in which they came, so none waits behind a longer one. An
expired message goes back to `detector`. Every hop inside the broker is confirmed between its queues
("at-least-once" dead lettering, since 3.10), so a retry cannot be lost on its way.
"""

import asyncio
from datetime import timedelta
from typing import Any

from aio_pika import ExchangeType
from aio_pika.abc import AbstractChannel, AbstractQueue
from aio_pika.exceptions import ChannelPreconditionFailed

from orylo_common.broker.ports import BrokerUnavailable
from orylo_common.broker.topology import DELIVERY_LIMIT, QUEUES, dead_letter_queue
from orylo_common.messages import type_of

EXCHANGE = "orylo"
DECLARE_TIMEOUT_S = 60

# A delay waits in the first that is not shorter: on average a little longer than was drawn, never less.
DELAYS: dict[str, timedelta] = {
    "250ms": timedelta(milliseconds=250),
    "1s": timedelta(seconds=1),
    "4s": timedelta(seconds=4),
    "15s": timedelta(seconds=15),
    "1m": timedelta(minutes=1),
    "4m": timedelta(minutes=4),
    "15m": timedelta(minutes=15),
    "1h": timedelta(hours=1),
}

# A publisher is refused, not a message dropped, should a queue ever get a length limit.
QUORUM: dict[str, Any] = {"x-queue-type": "quorum", "x-overflow": "reject-publish"}


def retry_queue(queue: str, delay: timedelta) -> str:
    """The queue of `queue` in which a message waits for `delay`."""
    for name, tier in DELAYS.items():
        if delay <= tier:
            return f"{queue}.retry.{name}"
    return f"{queue}.retry.{name}"


def waiting_queues(queue: str) -> list[str]:
    """The queue and those that hold its retries."""
    return [queue, *(f"{queue}.retry.{name}" for name in DELAYS)]


async def declare(channel: AbstractChannel) -> None:
    """Make everything; safe to repeat and to race."""
    try:
        async with asyncio.timeout(DECLARE_TIMEOUT_S):
            await _declare(channel)
    except ChannelPreconditionFailed as error:
        raise BrokerUnavailable(f"a queue in RabbitMQ was declared otherwise: {error}") from error


async def _declare(channel: AbstractChannel) -> None:
    exchange = await channel.declare_exchange(EXCHANGE, ExchangeType.TOPIC, durable=True)
    for name, messages in QUEUES.items():
        # The broker counts redeliveries, of which the first delivery is none.
        limit = {"x-delivery-limit": DELIVERY_LIMIT - 1, **_dead_letters_to(dead_letter_queue(name))}
        await _declare_with_retries(channel, dead_letter_queue(name), {})
        queue = await _declare_with_retries(channel, name, limit)
        for message in messages:
            await queue.bind(exchange, routing_key=type_of(message))


async def _declare_with_retries(channel: AbstractChannel, name: str, arguments: dict[str, Any]) -> AbstractQueue:
    queue = await channel.declare_queue(name, durable=True, arguments={**QUORUM, **arguments})
    for suffix, tier in DELAYS.items():
        expiring = {"x-message-ttl": int(tier.total_seconds() * 1000), **_dead_letters_to(name)}
        await channel.declare_queue(f"{name}.retry.{suffix}", durable=True, arguments={**QUORUM, **expiring})
    return queue


def _dead_letters_to(queue: str) -> dict[str, Any]:
    return {
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": queue,
        "x-dead-letter-strategy": "at-least-once",
    }
