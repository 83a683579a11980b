"""Declare the exchange and the queues in RabbitMQ 3.10 or later, from `topology.py`.

The dead letters of a queue `detector` are in `detector.dlq`. Its retries wait in `detector.retry.1s` and so on: one
queue per delay. Its messages expire in order of arrival, so no message waits behind one with a longer delay. An expired
message returns to `detector`. The broker confirms every move between its queues ("at-least-once" dead lettering,
since 3.10), so a retry cannot be lost.
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

# A retry waits in the first tier that is not shorter than its delay: on average slightly longer, never less.
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

# If a queue ever gets a length limit, the broker rejects new messages instead of dropping queued ones.
QUORUM: dict[str, Any] = {"x-queue-type": "quorum", "x-overflow": "reject-publish"}


def retry_queue(queue: str, delay: timedelta) -> str:
    """Return the retry queue of `queue` in which a message waits for `delay`."""
    for name, tier in DELAYS.items():
        if delay <= tier:
            return f"{queue}.retry.{name}"
    return f"{queue}.retry.{name}"


def waiting_queues(queue: str) -> list[str]:
    """Return the queue and its retry queues."""
    return [queue, *(f"{queue}.retry.{name}" for name in DELAYS)]


async def declare(channel: AbstractChannel) -> None:
    """Declare the exchange and all queues. Safe to repeat and to run concurrently."""
    try:
        async with asyncio.timeout(DECLARE_TIMEOUT_S):
            await _declare(channel)
    except ChannelPreconditionFailed as error:
        raise BrokerUnavailable(f"a RabbitMQ queue exists with different arguments: {error}") from error


async def _declare(channel: AbstractChannel) -> None:
    exchange = await channel.declare_exchange(EXCHANGE, ExchangeType.TOPIC, durable=True)
    for name, messages in QUEUES.items():
        # The broker counts redeliveries, so the first delivery is not included.
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
