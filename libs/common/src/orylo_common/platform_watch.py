"""Measures the state that services share: every outbox, every queue, and the connections to the database.

`api` and `trust` both run it: if one of them, or any other service, is down, its outbox and queue are still measured.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial

import asyncpg
from prometheus_client import Gauge

from orylo_common.broker.ports import Broker
from orylo_common.broker.topology import QUEUES
from orylo_common.repeating import repeating

WAITING = Gauge(
    "orylo_messages_waiting",
    "Messages in a queue that no consumer is handling, including those waiting for a retry",
    ["queue"],
)
OUTBOX_ROWS = Gauge(
    "orylo_outbox_rows", "Rows of a service's outbox, each of one message or several, at most 100,000", ["schema"]
)
OUTBOX_OLDEST_SECONDS = Gauge("orylo_outbox_oldest_seconds", "Age of the oldest message in the outbox", ["schema"])
CONNECTIONS = Gauge("orylo_postgres_connections", "Connections to the PostgreSQL server, of all its clients")
CONNECTIONS_LIMIT = Gauge("orylo_postgres_connections_limit", "Connections that the server accepts of ordinary users")

# Prometheus' scrape interval.
EVERY = timedelta(seconds=15)

SELECT_OUTBOXES = "SELECT outbox, waiting, oldest_s FROM control.outboxes()"
# pg_stat_activity shows a service its own connections only.
COUNT_CONNECTIONS = """
    SELECT (SELECT sum(numbackends) FROM pg_stat_database)::int,
           current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
"""


@asynccontextmanager
async def watch_platform(pool: asyncpg.Pool, broker: Broker, *, every: timedelta = EVERY) -> AsyncIterator[None]:
    """Update the metrics regularly while inside. A metric keeps its value while its server is unreachable."""
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        await enter(repeating("watch.outboxes", partial(measure_outboxes, pool), every=every))
        await enter(repeating("watch.connections", partial(measure_connections, pool), every=every))
        await enter(repeating("watch.queues", partial(measure_queues, broker), every=every))
        yield


async def measure_queues(broker: Broker) -> None:
    for queue, waiting in (await broker.depths(QUEUES)).items():
        WAITING.labels(queue).set(waiting)


async def measure_outboxes(pool: asyncpg.Pool) -> None:
    for schema, waiting, oldest_s in await pool.fetch(SELECT_OUTBOXES):
        OUTBOX_ROWS.labels(schema).set(waiting)
        OUTBOX_OLDEST_SECONDS.labels(schema).set(oldest_s)


async def measure_connections(pool: asyncpg.Pool) -> None:
    [(used, limit)] = await pool.fetch(COUNT_CONNECTIONS)
    CONNECTIONS.set(used)
    CONNECTIONS_LIMIT.set(limit)
