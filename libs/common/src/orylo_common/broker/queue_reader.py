"""Take deliveries from a queue, handle each in a separate task, and settle them.

Deliveries are received and acknowledged in batches to reduce the cost per message. The batch size follows the load.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, suppress
from datetime import timedelta
from types import TracebackType
from typing import Self

import structlog
from prometheus_client import Gauge

from orylo_common.broker.answering import LONGEST_CALL, answered
from orylo_common.broker.outcomes import Outcome, Release
from orylo_common.broker.ports import Broker, Delivery, QueueSubscription
from orylo_common.broker.settler import Settler
from orylo_common.errors import TransientError
from orylo_common.postgres.errors import raise_if_cancelled
from orylo_common.repeating import repeating
from orylo_common.resilience.circuit_breaker import CircuitBreaker
from orylo_common.resilience.retry import RetryPolicy

IN_FLIGHT = Gauge("orylo_messages_in_flight", "Deliveries taken and not yet settled", ["queue"])

# The longest wait of one `receive` for a first message.
RECEIVE_WAIT = timedelta(seconds=20)
# Within the 30 s that an orchestrator allows between SIGTERM and SIGKILL.
DRAIN = timedelta(seconds=25)
# Of a drain, for the broker to stop sending deliveries.
STOP_WAIT = timedelta(seconds=5)
RECONNECT = RetryPolicy(base=timedelta(milliseconds=200), cap=timedelta(seconds=5))
SHORTEST_PAUSE_S = 0.05

log = structlog.get_logger(__name__)


class QueueReader:
    """Pass every delivery of `queue` to `handle`, up to `prefetch` at a time, and settle it with the returned outcome.

    It reconnects after any loss of the broker, and when the broker takes too long over a call. On exit it takes no more
    deliveries, waits up to `drain` for the running handlers, and releases the remaining deliveries. It takes nothing
    while one of the `gates` is open, and one delivery at a time while a gate is half open.
    """

    def __init__(
        self,
        broker: Broker,
        queue: str,
        handle: Callable[[Delivery], Awaitable[Outcome]],
        *,
        prefetch: int,
        gates: Sequence[CircuitBreaker] = (),
        drain: timedelta = DRAIN,
    ) -> None:
        self._broker = broker
        self._queue = queue
        self._handle = handle
        self._prefetch = prefetch
        self._gates = gates
        self._drain_s = drain.total_seconds()
        self._loops = AsyncExitStack()
        self._paused_until = 0.0
        self._in_flight: set[asyncio.Task[None]] = set()
        self._room_made = asyncio.Event()
        self._failures = 0
        self._gauge = IN_FLIGHT.labels(queue)

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        await self._loops.enter_async_context(repeating(f"consumer.{self._queue}", self._take_while_connected))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Cancels the loop, which then drains.
        await self._loops.aclose()

    async def _take_while_connected(self) -> None:
        """Subscribe and take until a gate opens or the broker is lost."""
        await self._until_gates_open()
        try:
            async with answered("subscribing"):
                subscription = await self._broker.subscribe(self._queue, prefetch=self._prefetch)
            try:
                await self._take_until_shut(subscription)
            finally:
                async with answered("closing the subscription"):
                    await subscription.close()
        except TransientError as error:
            # Pause here, with jitter: all consumers of all replicas lose the broker at the same time.
            raise_if_cancelled()
            self._failures += 1
            log.warning("consumer.broker_unavailable", queue=self._queue, error=str(error))
            await asyncio.sleep(SHORTEST_PAUSE_S + RECONNECT.delay(self._failures).total_seconds())

    async def _take_until_shut(self, subscription: QueueSubscription) -> None:
        """Take deliveries until a circuit opens. Raises `TransientError` if the connection is lost."""
        async with Settler(subscription, self._room_made.set) as settler:
            try:
                while not self._shut():
                    if settler.hung:
                        raise settler.hung
                    if limit := self._room(settler):
                        async with answered("receiving", within=RECEIVE_WAIT + LONGEST_CALL):
                            deliveries = await subscription.receive(limit, RECEIVE_WAIT)
                        self._failures = 0
                        if self._shut():
                            # A circuit opened during `receive`.
                            async with answered("releasing"):
                                await subscription.release(deliveries)
                        else:
                            self._start(deliveries, settler)
                    else:
                        self._room_made.clear()
                        await self._room_made.wait()
                async with answered("stopping"):
                    await subscription.stop()
                while self._in_flight:
                    await asyncio.wait(self._in_flight)
            except asyncio.CancelledError:
                await self._drain(subscription)
                raise

    def _room(self, settler: Settler) -> int:
        """Return how many to take: 0 until half of the prefetch is free, as a batch costs little more than one."""
        busy = len(self._in_flight) + settler.unacknowledged
        self._gauge.set(busy)
        if any(gate.state == "half_open" for gate in self._gates):
            return 1 if busy == 0 else 0
        return self._prefetch - busy if busy <= self._prefetch // 2 else 0

    def _start(self, deliveries: Sequence[Delivery], settler: Settler) -> None:
        for delivery in deliveries:
            task = self._loop.create_task(self._run(delivery, settler))
            self._in_flight.add(task)
            task.add_done_callback(self._end)

    async def _run(self, delivery: Delivery, settler: Settler) -> None:
        outcome = await self._handle(delivery)
        if isinstance(outcome, Release):
            self._paused_until = max(self._paused_until, self._loop.time() + outcome.pause.total_seconds())
        await settler.settle(delivery, outcome)

    def _end(self, task: asyncio.Task[None]) -> None:
        self._in_flight.discard(task)
        self._room_made.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("consumer.task_failed", queue=self._queue, exc_info=error)

    def _shut(self) -> bool:
        """Return true while a dependency is known to be unavailable."""
        if self._paused_until and self._paused_until > self._loop.time():
            return True
        return any(gate.state == "open" for gate in self._gates)

    async def _until_gates_open(self) -> None:
        while self._shut():
            waits = [gate.retry_after.total_seconds() for gate in self._gates if gate.state == "open"]
            await asyncio.sleep(max(SHORTEST_PAUSE_S, self._paused_until - self._loop.time(), *waits))

    async def _drain(self, subscription: QueueSubscription) -> None:
        with suppress(TransientError):
            async with answered("stopping", within=STOP_WAIT):
                await subscription.stop()
        if not self._in_flight:
            return
        _, late = await asyncio.wait(self._in_flight, timeout=self._drain_s)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        if late:
            log.warning("consumer.given_back", queue=self._queue, deliveries=len(late))
