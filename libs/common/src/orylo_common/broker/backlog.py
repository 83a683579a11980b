"""Measure the number of messages waiting in a queue."""

from contextlib import AbstractAsyncContextManager
from datetime import timedelta

from prometheus_client import Gauge

from orylo_common.broker.ports import Broker
from orylo_common.repeating import repeating

WAITING = Gauge(
    "orylo_messages_waiting",
    "Messages in a queue that no consumer is handling, including those waiting for a retry",
    ["queue"],
)
# Prometheus' scrape interval.
EVERY = timedelta(seconds=15)


def measure_backlog(broker: Broker, queue: str, *, every: timedelta = EVERY) -> AbstractAsyncContextManager[None]:
    """Update `orylo_messages_waiting` regularly. The metric keeps its value while the broker is unreachable."""
    gauge = WAITING.labels(queue)

    async def measure() -> None:
        gauge.set(await broker.depth(queue))

    return repeating(f"backlog.{queue}", measure, every=every)
