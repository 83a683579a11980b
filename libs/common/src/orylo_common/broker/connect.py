"""Open the broker that a URL names."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from orylo_common.broker.ports import Broker
from orylo_common.broker.postgres.broker import PostgresBroker
from orylo_common.errors import TransientError

log = structlog.get_logger(__name__)


@asynccontextmanager
async def open_broker(url: str, database_url: str, *, required: bool = True) -> AsyncIterator[Broker]:
    """Open a broker and declare its topology. `url` is `amqp://…`, `sqs://…`, or `postgres` for the database itself.

    Raises `ValueError` for an unknown scheme, and `TransientError` if the broker does not answer. A broker that is not
    `required` may be unavailable: its topology is declared when the broker is first reached.
    """
    broker = await _open(url, database_url)
    try:
        try:
            await broker.declare()
        except TransientError as error:
            if required:
                raise
            log.warning("broker.unavailable", error=str(error))
        yield broker
    finally:
        await broker.close()


async def _open(url: str, database_url: str) -> Broker:
    # Import on demand: the embedded platform starts faster without the AMQP and AWS libraries.
    match url.partition("://")[0]:
        case "postgres":
            return await PostgresBroker.open(database_url)
        case "amqp" | "amqps":
            from orylo_common.broker.rabbitmq.broker import RabbitMQBroker

            return RabbitMQBroker(url)
        case "sqs":
            from orylo_common.broker.sqs.broker import SqsBroker

            return await SqsBroker.open(url)
        case scheme:
            raise ValueError(f"unknown broker {scheme!r}: use amqp://, sqs:// or postgres")
