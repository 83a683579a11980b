"""The metric of waiting messages."""

import pytest
from prometheus_client import REGISTRY

from orylo_common.broker.ports import BrokerUnavailable
from orylo_common.platform_watch import measure_queues
from tests.support.memory_broker import MemoryBroker
from tests.unit.common.broker.test_consumer import status_set

QUEUE = "trust"


def waiting() -> float | None:
    return REGISTRY.get_sample_value("orylo_messages_waiting", {"queue": QUEUE})


async def test_the_metric_follows_the_queue_and_keeps_its_value_while_the_broker_is_away() -> None:
    broker = MemoryBroker()
    for _ in range(3):
        await broker.send(status_set())
    await measure_queues(broker)
    assert waiting() == 3

    broker.fail()
    broker.ready[QUEUE].clear()
    with pytest.raises(BrokerUnavailable):
        await measure_queues(broker)
    assert waiting() == 3

    broker.recover()
    await measure_queues(broker)
    assert waiting() == 0
