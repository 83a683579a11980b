"""The workers of all destinations, and the poll that wakes them."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from time import monotonic
from types import TracebackType
from typing import Self

from orylo_common.broker.ports import Outgoing
from orylo_common.clock import Clock
from orylo_common.control import Destination
from orylo_common.control.plane import ControlPlane
from orylo_common.control.switches import SwitchName
from orylo_common.repeating import repeating
from orylo_common.resilience.circuit_breaker import CircuitBreaker
from orylo_dispatch.delivery.destination_states import DestinationStates
from orylo_dispatch.delivery.limits import WorkerLimits
from orylo_dispatch.delivery.queue import DeliveryQueue
from orylo_dispatch.delivery.sink import DestinationKey, SinkKind
from orylo_dispatch.delivery.worker import Worker

# For retries, expired claims and deliveries of other replicas. A new delivery wakes its worker at once.
POLL_EVERY = timedelta(seconds=1)
# The interval once nothing was sent or found due for a while.
IDLE_POLL_EVERY = timedelta(seconds=10)
IDLE_AFTER = timedelta(seconds=10)


class Sender:
    """Runs a worker for each destination with due deliveries."""

    def __init__(
        self,
        queue: DeliveryQueue,
        states: DestinationStates,
        plane: ControlPlane,
        *,
        kinds: Mapping[str, SinkKind],
        offer: Callable[[Sequence[Outgoing]], None],
        clock: Clock,
        limits: WorkerLimits = WorkerLimits(),  # noqa: B008  frozen
        breaker: Callable[[str], CircuitBreaker] = CircuitBreaker,
    ) -> None:
        self._queue = queue
        self._states = states
        self._plane = plane
        self._kinds = kinds
        self._offer = offer
        self._clock = clock
        self._limits = limits
        self._breaker = breaker
        self._workers: dict[DestinationKey, Worker] = {}
        self._loops = AsyncExitStack()
        self._last_work = self._last_poll = monotonic()

    async def __aenter__(self) -> Self:
        await self._states.load()
        await self._loops.enter_async_context(repeating("dispatch.poll", self._poll, every=POLL_EVERY))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish and record the requests in progress. Deliveries that were not sent stay due."""
        await self._loops.aclose()
        await asyncio.gather(*(worker.close() for worker in self._workers.values()))

    def wake(self, keys: Iterable[DestinationKey]) -> None:
        for key in keys:
            self._last_work = monotonic()
            worker = self._workers.get(key)
            if worker is None:
                worker = self._workers[key] = Worker(
                    key,
                    find=self._find,
                    is_stopped=self._is_stopped,
                    kinds=self._kinds,
                    queue=self._queue,
                    states=self._states,
                    offer=self._offer,
                    breaker=self._breaker(f"destination:{key[1]}"),
                    limits=self._limits,
                    clock=self._clock,
                )
            worker.wake()

    def _find(self, key: DestinationKey) -> Destination | None:
        tenant_id, destination_id = key
        return next((each for each in self._plane.destinations(tenant_id) if each.id == destination_id), None)

    def _is_stopped(self, key: DestinationKey) -> bool:
        """Return whether a switch or the tenant's suspension stops sending. What is due waits for the poll."""
        tenant_id, destination_id = key
        if self._plane.is_stopped(tenant_id):
            return True
        switch = self._plane.switch(SwitchName.STOP_SENDING, tenant_id, str(destination_id), self._clock.now())
        return switch is not None

    async def _poll(self) -> None:
        now = monotonic()
        is_idle = now - self._last_work > IDLE_AFTER.total_seconds()
        if is_idle and now - self._last_poll < IDLE_POLL_EVERY.total_seconds():
            return
        self._last_poll = now
        await self._states.load()
        due = await self._queue.destinations_due(self._clock.now())
        # A destination on hold resumes, and an open circuit closes, even if nothing is due.
        open_circuits = [key for key, worker in self._workers.items() if worker.is_circuit_open]
        self.wake({*due, *open_circuits, *self._states.on_hold(self._kinds)})
