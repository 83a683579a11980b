"""Which broker a URL means."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from orylo_common.broker.ports import Broker
from orylo_common.broker.postgres.broker import PostgresBroker
from orylo_common.errors import TransientError

log = structlog.get_logger(__name__)


@asynccontextmanager
async def open_broker(url: str, database_url: str, *, required: bool = True) -> AsyncIterator[Broker]:
    """The broker that `url` names, its topology declared: `amqp://…`, `sqs://…`, or `postgres` for the database itself.

    Raises `ValueError` where the URL names none, and `TransientError` where it does not answer; unless `required`, it
    is then declared when it is first reached.
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
    # Imported when asked for: the embedded platform starts faster without the libraries of AMQP and AWS.
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
            raise ValueError(f"no broker is called {scheme!r}: amqp://, sqs:// or postgres")
