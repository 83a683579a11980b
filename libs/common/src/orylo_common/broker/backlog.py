"""How much waits in a queue, for whoever is on call."""

import asyncio
from contextlib import suppress
from datetime import timedelta

from prometheus_client import Gauge

from orylo_common.broker.ports import Broker
from orylo_common.errors import TransientError
from orylo_common.postgres.errors import raise_if_cancelled

WAITING = Gauge(
    "orylo_messages_waiting",
    "Messages in a queue that no consumer has in hand, those being retried included",
    ["queue"],
)
# As often as Prometheus looks.
EVERY = timedelta(seconds=15)


async def measure_backlog(broker: Broker, queue: str, *, every: timedelta = EVERY) -> None:
    """Keep `orylo_messages_waiting` true until cancelled; while the broker is away it stays as it was."""
    gauge = WAITING.labels(queue)
    while True:
        with suppress(TransientError):
            gauge.set(await broker.depth(queue))
        raise_if_cancelled()
        await asyncio.sleep(every.total_seconds())
