"""The metric of waiting messages."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from orylo_common.broker.backlog import measure_backlog
from orylo_common.broker.consumer import Consumer
from orylo_common.errors import TransientError
from orylo_common.resilience.circuit_breaker import CircuitBreaker
from tests.support.eventually import eventually
from tests.support.memory_broker import MemoryBroker
from tests.unit.common.broker.test_consumer import status_set

QUEUE = "trust"


def waiting() -> float | None:
    return REGISTRY.get_sample_value("orylo_messages_waiting", {"queue": QUEUE})


@pytest.fixture
async def broker() -> AsyncIterator[MemoryBroker]:
    broker = MemoryBroker()
    async with measure_backlog(broker, QUEUE, every=timedelta(milliseconds=1)):
        yield broker


async def test_the_metric_follows_the_queue(broker: MemoryBroker) -> None:
    for _ in range(3):
        await broker.send(status_set())
    await eventually(lambda: waiting() == 3)
    broker.ready[QUEUE].clear()
    await eventually(lambda: waiting() == 0)


async def test_the_metric_keeps_its_value_while_the_broker_is_away(broker: MemoryBroker) -> None:
    await broker.send(status_set())
    await eventually(lambda: waiting() == 1)
    broker.fail()
    broker.ready[QUEUE].clear()
    await asyncio.sleep(0.02)
    assert waiting() == 1
    broker.recover()
    await eventually(lambda: waiting() == 0)


async def test_a_paused_consumer_reports_the_backlog() -> None:
    broker, breaker = MemoryBroker(), CircuitBreaker("needed", failures=1, recovery=timedelta(minutes=5))
    with pytest.raises(TransientError):
        async with breaker:
            raise TransientError("away")
    for _ in range(5):
        await broker.send(status_set())

    async with Consumer(broker, QUEUE, {}, gates=[breaker]):
        await eventually(lambda: waiting() == 5)
