"""No error ends a destination's worker, and one that keeps failing is reported."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from orylo_common import repeating as repeating_module
from orylo_common.broker.ports import Outgoing
from orylo_common.clock import SystemClock
from orylo_common.control import Destination
from orylo_common.errors import TransientError
from orylo_common.messages import DestinationStatus
from orylo_common.resilience.circuit_breaker import CircuitBreaker
from orylo_common.resilience.retry import RetryPolicy
from orylo_common.telemetry.health import Health
from orylo_dispatch.delivery.availability import DestinationState
from orylo_dispatch.delivery.destination_states import DestinationStates
from orylo_dispatch.delivery.limits import WorkerLimits
from orylo_dispatch.delivery.queue import ClaimedDelivery, DeliveryQueue
from orylo_dispatch.delivery.sink import DestinationKey, Sink, SinkKind
from orylo_dispatch.delivery.worker import Worker
from orylo_dispatch.domain.attempt import AttemptOutcome, DeliveryAttempt
from tests.support.eventually import eventually
from tests.unit.dispatch.cases import TENANT

DESTINATION = Destination(UUID(int=7), TENANT, "meta", "main", {}, "token", True, datetime(2026, 3, 1, tzinfo=UTC))
KEY = (TENANT, DESTINATION.id)
NAME = f"dispatch.destination:{DESTINATION.id}"


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeating_module, "DOWN_AFTER", timedelta(milliseconds=50))
    monkeypatch.setattr(repeating_module, "TRANSIENT_PAUSE", timedelta(milliseconds=10))
    monkeypatch.setattr(repeating_module, "BACKOFF", RetryPolicy(base=timedelta(milliseconds=10), jitter=lambda: 1.0))


class Queue:
    """Raises on every claim until it is repaired; then nothing is due."""

    def __init__(self, error: Exception) -> None:
        self.error: Exception | None = error
        self.claims = 0

    async def claim(self, *_: Any, **__: Any) -> Sequence[ClaimedDelivery]:
        self.claims += 1
        if self.error is not None:
            raise self.error
        return []


class EmptySink:
    batch_size = 10

    def __init__(self) -> None:
        self.answers: list[DeliveryAttempt] = []

    async def probe(self) -> DeliveryAttempt:
        return self.answers.pop(0)


class States(DestinationStates):
    """Remembers the changes instead of storing them."""

    def __init__(self) -> None:
        super().__init__(cast(Any, None), offer=lambda _: None)
        self.changes: list[DestinationStatus] = []

    async def change(self, key: DestinationKey, observed: DestinationState) -> None:
        self.changes.append(observed.status)


@asynccontextmanager
async def running_worker(
    queue: Queue,
    is_stopped: Callable[[DestinationKey], bool] = lambda _: False,
    *,
    sink: EmptySink | None = None,
    breaker: CircuitBreaker | None = None,
    states: States | None = None,
) -> AsyncIterator[Worker]:
    offer: Callable[[Sequence[Outgoing]], None] = lambda _: None  # noqa: E731
    worker = Worker(
        KEY,
        find=lambda _: DESTINATION,
        is_stopped=is_stopped,
        kinds={"meta": SinkKind(lambda _: cast(Sink, sink or EmptySink()), max_age=timedelta(days=7))},
        queue=cast(DeliveryQueue, queue),
        states=states or States(),
        offer=offer,
        breaker=breaker or CircuitBreaker("test.worker"),
        limits=WorkerLimits(),
        clock=SystemClock(),
    )
    try:
        yield worker
    finally:
        await worker.close()


@pytest.mark.parametrize(
    ("error", "event"),
    [(RuntimeError("a bug"), "loop.failed"), (TransientError("PostgreSQL is away"), "loop.interrupted")],
)
async def test_a_worker_that_keeps_failing_is_logged_goes_on_and_is_reported(error: Exception, event: str) -> None:
    queue = Queue(error)
    with capture_logs() as logs:
        async with running_worker(queue) as worker:
            worker.wake()
            await eventually(lambda: queue.claims >= 5)
            await eventually(lambda: _failing_seconds() > 0.05)
            readiness = await Health().readiness()
            assert (readiness.ready, readiness.checks["loops"]) == (True, f"down ({NAME})")

            queue.error = None
            await eventually(lambda: _failing_seconds() == 0)
            assert (await Health().readiness()).checks["loops"] == "ok"
    assert {(entry["event"], entry["loop"]) for entry in logs} == {(event, NAME)}


async def test_a_worker_that_recovered_waits_for_the_next_wake() -> None:
    queue = Queue(RuntimeError("a bug"))
    async with running_worker(queue) as worker:
        worker.wake()
        await eventually(lambda: queue.claims >= 1)
        queue.error = None
        await eventually(lambda: worker._idle.is_set() and not worker._woken.is_set())
        claims = queue.claims
        await asyncio.sleep(0.05)
        assert queue.claims == claims
        worker.wake()
        await eventually(lambda: queue.claims == claims + 1)


async def test_a_circuit_closes_by_a_probe_while_nothing_is_due() -> None:
    queue, sink, states = Queue(RuntimeError()), EmptySink(), States()
    queue.error = None
    breaker = CircuitBreaker("test.worker", failures=1, recovery=timedelta(milliseconds=1))
    with pytest.raises(TransientError):
        async with breaker:
            raise TransientError("away")
    sink.answers = [DeliveryAttempt(AttemptOutcome.UNKNOWN, "timeout"), DeliveryAttempt(AttemptOutcome.DISPATCHED)]
    async with running_worker(queue, sink=sink, breaker=breaker, states=states) as worker:
        await asyncio.sleep(0.005)
        worker.wake()
        await eventually(lambda: len(sink.answers) == 1)
        assert worker.is_circuit_open

        await asyncio.sleep(0.005)
        worker.wake()
        await eventually(lambda: states.changes == [DestinationStatus.UNAVAILABLE, DestinationStatus.ACTIVE])
        assert not worker.is_circuit_open


def _failing_seconds() -> float:
    return REGISTRY.get_sample_value("orylo_loop_failing_seconds", {"loop": NAME}) or 0.0


async def test_a_stopped_worker_claims_nothing_until_it_may_send_again() -> None:
    queue, stopped = Queue(RuntimeError()), True
    queue.error = None
    async with running_worker(queue, is_stopped=lambda key: stopped and key == KEY) as worker:
        worker.wake()
        await asyncio.sleep(0.02)
        assert queue.claims == 0
        stopped = False
        worker.wake()
        await eventually(lambda: queue.claims == 1)
