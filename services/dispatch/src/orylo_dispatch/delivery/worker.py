"""The worker of one destination: claims due deliveries, sends them, records the results.

Each destination has its own worker, so that a slow or failing destination delays no other.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import structlog

from orylo_common.broker.ports import Outgoing
from orylo_common.clock import Clock
from orylo_common.control import Destination
from orylo_common.errors import TransientError
from orylo_common.resilience.circuit_breaker import CircuitBreaker
from orylo_common.resilience.retry import RetryPolicy
from orylo_dispatch.delivery.availability import Availability
from orylo_dispatch.delivery.limits import WorkerLimits
from orylo_dispatch.delivery.queue import ClaimedDelivery, DeliveryQueue, DeliveryResult
from orylo_dispatch.delivery.reporting import report
from orylo_dispatch.delivery.sink import DestinationKey, Fault, Sink, SinkKind
from orylo_dispatch.domain.attempt import AttemptOutcome, DeliveryAttempt, DeliveryState, NextStep, next_step
from orylo_dispatch.metrics import BATCH_SIZE, REQUEST_SECONDS

log = structlog.get_logger(__name__)

OUTAGES = frozenset({AttemptOutcome.TRANSIENT, AttemptOutcome.UNKNOWN})
DEDUPE_WINDOW_OVER = DeliveryAttempt(
    AttemptOutcome.REFUSED,
    "unknown_too_long",
    "An earlier attempt may have arrived, too long ago for the destination to recognise a repeat.",
)

Attempts = Sequence[tuple[ClaimedDelivery, DeliveryAttempt | None]]


class DestinationUnavailable(TransientError):
    """Counts as a failure of the circuit breaker. The attempts have their results already."""


class Worker:
    """Runs from `wake` until nothing is due or nothing can be sent."""

    def __init__(
        self,
        key: DestinationKey,
        *,
        find: Callable[[DestinationKey], Destination | None],
        kinds: Mapping[str, SinkKind],
        queue: DeliveryQueue,
        offer: Callable[[Sequence[Outgoing]], None],
        breaker: CircuitBreaker,
        limits: WorkerLimits,
        clock: Clock,
    ) -> None:
        self._key = key
        self._find = find
        self._kinds = kinds
        self._queue = queue
        self._offer = offer
        self._breaker = breaker
        self._limits = limits
        self._clock = clock
        self._availability = Availability(key, probe_every=limits.probe_every, clock=clock)
        self._task: asyncio.Task[None] | None = None
        self._woken = False
        self._closing = False
        self._destination: Destination | None = None
        self._sink: Sink | None = None

    def wake(self) -> None:
        self._woken = True
        if not self._closing and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Finish the request in progress, and claim no more."""
        self._closing = True
        if self._task is not None:
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        try:
            full = False
            while not self._closing:
                if not full:
                    await asyncio.sleep(self._limits.linger.total_seconds())
                self._woken = False
                sink = await self._available_sink()
                if sink is None:
                    return
                limit = sink.batch_size if self._breaker.state == "closed" else self._limits.probe_batch
                claimed = await self._send(sink, limit)
                full = claimed == limit
                # A later delivery wakes the worker.
                if not full and not self._woken:
                    return
        except TransientError as error:
            # The sender's poll wakes the worker again.
            log.warning("dispatch.interrupted", destination_id=str(self._key[1]), error=type(error).__name__)
        except Exception:
            log.exception("dispatch.failed", destination_id=str(self._key[1]))

    async def _available_sink(self) -> Sink | None:
        """Return the destination's sink, or `None` if it cannot be sent to now."""
        destination = self._find(self._key)
        if destination is None or not destination.enabled or not destination.secret:
            self._availability.release()
            return None
        if destination != self._destination or self._sink is None:
            self._destination, self._sink = destination, self._kinds[destination.kind].connect(destination)
            self._availability.reset()
        if self._breaker.retry_after or self._availability.is_paused:
            return None
        if self._availability.on_hold:
            self._availability.pause_until_probe()
            if (await self._sink.probe()).outcome is not AttemptOutcome.DISPATCHED:
                return None
            self._availability.reset()
        return self._sink

    async def _send(self, sink: Sink, limit: int) -> int:
        """Send one batch. Return the number of deliveries claimed for it."""
        claims = await self._queue.claim(self._key, limit=limit, now=self._clock.now(), lease=self._limits.lease)
        now = self._clock.now()
        attempts: list[tuple[ClaimedDelivery, DeliveryAttempt | None]] = []
        bodies: list[tuple[ClaimedDelivery, bytes]] = []
        for claim in claims:
            body = self._encode(sink, claim, now)
            if isinstance(body, bytes):
                bodies.append((claim, body))
            else:
                attempts.append((claim, body))
        if bodies:
            attempts += await self._deliver(sink, bodies)
        if attempts:
            await self._settle(attempts, sink.retries)
        return len(claims)

    def _encode(self, sink: Sink, claim: ClaimedDelivery, now: datetime) -> bytes | DeliveryAttempt:
        """Return the bytes to send, or the attempt to record instead of sending."""
        repeat_until = now - (sink.dedupe_window - self._limits.dedupe_margin)
        if claim.maybe_sent_at is not None and claim.maybe_sent_at <= repeat_until:
            return DEDUPE_WINDOW_OVER
        body = sink.encode(claim.deliverable.payload, now=now)
        if isinstance(body, Fault):
            return DeliveryAttempt(AttemptOutcome.REFUSED, body.code, body.reason)
        return body

    async def _deliver(self, sink: Sink, bodies: Sequence[tuple[ClaimedDelivery, bytes]]) -> Attempts:
        loop = asyncio.get_running_loop()
        started = loop.time()
        until = started + self._limits.sending.total_seconds()
        attempts: Sequence[DeliveryAttempt | None] = [None] * len(bodies)
        try:
            async with self._breaker:
                attempts = await sink.deliver(
                    [body for _, body in bodies], may_continue=lambda: loop.time() < until and not self._closing
                )
                if any(attempt is not None and attempt.outcome in OUTAGES for attempt in attempts):
                    raise DestinationUnavailable("the destination is unavailable")
        except TransientError:
            pass
        kind = bodies[0][0].kind
        BATCH_SIZE.labels(kind).observe(len(bodies))
        REQUEST_SECONDS.labels(kind).observe(loop.time() - started)
        self._availability.observe(attempts)
        return list(zip([claim for claim, _ in bodies], attempts, strict=True))

    async def _settle(self, attempts: Attempts, retries: RetryPolicy) -> None:
        now = self._clock.now()
        results = [DeliveryResult(claim, _step(claim, attempt, now, retries), attempt) for claim, attempt in attempts]
        self._offer(await self._record(results, now))
        report(results, now)

    async def _record(self, results: Sequence[DeliveryResult], now: datetime) -> list[Outgoing]:
        """Record the results, retrying until the claim expires: a delivery without a result is sent again."""
        loop = asyncio.get_running_loop()
        until = loop.time() + (self._limits.lease - self._limits.sending).total_seconds()
        while True:
            try:
                return await self._queue.settle(results, now=now)
            except TransientError:
                if loop.time() > until:
                    raise
                await asyncio.sleep(0.5)


def _step(claim: ClaimedDelivery, attempt: DeliveryAttempt | None, now: datetime, retries: RetryPolicy) -> NextStep:
    if attempt is None:
        return NextStep(DeliveryState.PENDING, now, claim.answered_failures, claim.maybe_sent_at)
    return next_step(
        attempt,
        number=claim.number,
        answered_failures=claim.answered_failures,
        started_at=claim.started_at,
        maybe_sent_at=claim.maybe_sent_at,
        now=now,
        retries=retries,
    )
