"""The workers of all destinations, and the poll that wakes them."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from types import TracebackType
from typing import Self

import structlog

from orylo_common.broker.ports import Outgoing
from orylo_common.clock import Clock
from orylo_common.control import ControlPlane, Destination
from orylo_common.errors import TransientError
from orylo_common.resilience.circuit_breaker import CircuitBreaker
from orylo_dispatch.delivery.limits import WorkerLimits
from orylo_dispatch.delivery.queue import DeliveryQueue
from orylo_dispatch.delivery.sink import DestinationKey, SinkKind
from orylo_dispatch.delivery.worker import Worker

log = structlog.get_logger(__name__)

# For retries, expired claims and deliveries of other replicas. A new delivery wakes its worker at once.
POLL_EVERY = timedelta(seconds=1)


class Sender:
    """Runs a worker for each destination with due deliveries."""

    def __init__(
        self,
        queue: DeliveryQueue,
        plane: ControlPlane,
        *,
        kinds: Mapping[str, SinkKind],
        offer: Callable[[Sequence[Outgoing]], None],
        clock: Clock,
        limits: WorkerLimits = WorkerLimits(),  # noqa: B008  frozen
        breaker: Callable[[str], CircuitBreaker] = CircuitBreaker,
    ) -> None:
        self._queue = queue
        self._plane = plane
        self._kinds = kinds
        self._offer = offer
        self._clock = clock
        self._limits = limits
        self._breaker = breaker
        self._workers: dict[DestinationKey, Worker] = {}
        self._closing = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._poll = asyncio.create_task(self._poll_until_closed())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish and record the requests in progress. Deliveries that were not sent stay due."""
        self._closing.set()
        await self._poll
        await asyncio.gather(*(worker.close() for worker in self._workers.values()))

    def wake(self, keys: Iterable[DestinationKey]) -> None:
        for key in keys:
            worker = self._workers.get(key)
            if worker is None:
                worker = self._workers[key] = Worker(
                    key,
                    find=self._find,
                    kinds=self._kinds,
                    queue=self._queue,
                    offer=self._offer,
                    breaker=self._breaker(f"destination:{key[1]}"),
                    limits=self._limits,
                    clock=self._clock,
                )
            worker.wake()

    def _find(self, key: DestinationKey) -> Destination | None:
        tenant_id, destination_id = key
        return next((each for each in self._plane.destinations(tenant_id) if each.id == destination_id), None)

    async def _poll_until_closed(self) -> None:
        while not self._closing.is_set():
            try:
                self.wake(await self._queue.destinations_due(self._clock.now()))
            except TransientError as error:
                log.warning("dispatch.poll_failed", error=type(error).__name__)
            except Exception:
                # Log and continue: without the poll no retry would be sent.
                log.exception("dispatch.poll_failed")
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_EVERY.total_seconds()):
                    await self._closing.wait()
