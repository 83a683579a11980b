"""The worker of one destination: claims due deliveries, sends them, records the results.

Each destination has its own worker, so that a slow or failing destination delays no other.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import datetime
from typing import Any

from opentelemetry.trace import Span

from orylo_common.broker.ports import Outgoing
from orylo_common.clock import Clock
from orylo_common.control import Destination
from orylo_common.errors import TransientError
from orylo_common.messages import DestinationStatus
from orylo_common.repeating import repeating
from orylo_common.resilience.circuit_breaker import CircuitBreaker
from orylo_common.resilience.retry import RetryPolicy
from orylo_common.telemetry.traces import link_to, span
from orylo_common.telemetry.tracing import tracing
from orylo_dispatch.delivery.availability import DestinationState, resumed, state_after, undecryptable
from orylo_dispatch.delivery.destination_states import DestinationStates
from orylo_dispatch.delivery.limits import WorkerLimits
from orylo_dispatch.delivery.queue import ClaimedDelivery, DeliveryQueue, DeliveryResult
from orylo_dispatch.delivery.reporting import report
from orylo_dispatch.delivery.sink import DestinationKey, Fault, Sink, SinkKind
from orylo_dispatch.domain.attempt import AttemptOutcome, DeliveryAttempt, DeliveryState, NextStep, next_step
from orylo_dispatch.metrics import BATCH_SIZE, REQUEST_SECONDS

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
    """Sends after each `wake` until nothing is due or nothing can be sent. No error ends it."""

    def __init__(
        self,
        key: DestinationKey,
        *,
        find: Callable[[DestinationKey], Destination | None],
        is_stopped: Callable[[DestinationKey], bool],
        kinds: Mapping[str, SinkKind],
        queue: DeliveryQueue,
        states: DestinationStates,
        offer: Callable[[Sequence[Outgoing]], None],
        breaker: CircuitBreaker,
        limits: WorkerLimits,
        clock: Clock,
    ) -> None:
        self._key = key
        self._find = find
        self._is_stopped = is_stopped
        self._kinds = kinds
        self._queue = queue
        self._states = states
        self._offer = offer
        self._breaker = breaker
        self._limits = limits
        self._clock = clock
        self._task: asyncio.Task[None] | None = None
        self._woken = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._closing = asyncio.Event()
        self._destination: Destination | None = None
        self._sink: Sink | None = None
        # When this worker last put the destination on hold, because no master key decrypts its token.
        self._held_at: datetime | None = None

    @property
    def is_circuit_open(self) -> bool:
        return self._breaker.state != "closed"

    def wake(self) -> None:
        self._woken.set()
        if self._task is None and not self._closing.is_set():
            self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Finish the request in progress, and claim no more."""
        self._closing.set()
        if self._task is not None:
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        async with repeating(f"dispatch.destination:{self._key[1]}", self._send_when_woken):
            await self._closing.wait()
            await self._idle.wait()

    async def _send_when_woken(self) -> None:
        await self._woken.wait()
        self._idle.clear()
        try:
            await self._send_due()
        except BaseException:
            # The next run begins without a wake, so that a loop that has recovered does not count as failing.
            self._woken.set()
            raise
        finally:
            self._idle.set()

    async def _send_due(self) -> None:
        while not self._closing.is_set():
            self._woken.clear()
            sink = await self._available_sink()
            if sink is None:
                return
            limit = sink.batch_size if self._breaker.state == "closed" else self._limits.probe_batch
            sent = await self._send(sink, limit)
            if not sent and self.is_circuit_open:
                await self._probe(sink)
            if sent < limit:
                return

    async def _available_sink(self) -> Sink | None:
        """Return the destination's sink, or `None` if it cannot be sent to now."""
        if self._is_stopped(self._key):
            return None
        destination = self._find(self._key)
        state = self._states.of(self._key)
        if destination is None or not destination.enabled:
            await self._resume(state)
            return None
        if not destination.secret:
            await self._hold_undecryptable(destination, state)
            return None
        if destination != self._destination or self._sink is None:
            self._destination, self._sink = destination, self._kinds[destination.kind].connect(destination)
        if state is not None and state.is_outdated(destination):
            await self._resume(state)
            state = None
        now = self._clock.now()
        if self._breaker.retry_after or (state is not None and state.is_paused(now)):
            return None
        if state is not None and state.status is DestinationStatus.ON_HOLD:
            if not await self._states.claim_probe(self._key, now=now, next_attempt_at=now + self._limits.probe_every):
                return None
            if (await self._sink.probe()).outcome is not AttemptOutcome.DISPATCHED:
                return None
            await self._resume(state)
        return self._sink

    async def _hold_undecryptable(self, destination: Destination, state: DestinationState | None) -> None:
        """Show why the deliveries wait. Rarely, because a replica with the right key resumes the destination."""
        now = self._clock.now()
        is_held = state is not None and state.status is DestinationStatus.ON_HOLD
        if not is_held and (self._held_at is None or now - self._held_at >= self._limits.probe_every):
            self._held_at = now
            await self._states.change(
                self._key, undecryptable(destination, now=now, probe_every=self._limits.probe_every)
            )

    async def _resume(self, state: DestinationState | None) -> None:
        """Send again at once: the destination was changed or switched off, or a probe succeeded."""
        if state is not None:
            await self._states.change(self._key, resumed(state, self._clock.now()))

    async def _send(self, sink: Sink, limit: int) -> int:
        """Send one batch. Return the number of deliveries claimed for it."""
        claims = await self._queue.claim(self._key, limit=limit, now=self._clock.now(), lease=self._limits.lease)
        now = self._clock.now()
        attempts: list[tuple[ClaimedDelivery, DeliveryAttempt | None]] = []
        observed: DestinationState | None = None
        bodies: list[tuple[ClaimedDelivery, bytes]] = []
        for claim in claims:
            body = self._encode(sink, claim, now)
            if isinstance(body, bytes):
                bodies.append((claim, body))
            else:
                attempts.append((claim, body))
        if bodies:
            delivered, observed = await self._deliver(sink, bodies)
            attempts += zip([claim for claim, _ in bodies], delivered, strict=True)
        if attempts:
            await self._settle(attempts, observed, sink.retries)
        return len(claims)

    async def _probe(self, sink: Sink) -> None:
        """Close the circuit if the destination answers: while nothing is due, no delivery would."""
        attempt = DeliveryAttempt(AttemptOutcome.TRANSIENT)
        with suppress(TransientError):
            async with self._breaker:
                attempt = await sink.probe()
                if attempt.outcome in OUTAGES:
                    raise DestinationUnavailable("the destination is unavailable")
        observed = self._state_after([attempt])
        if observed is not None:
            await self._states.change(self._key, observed)

    def _encode(self, sink: Sink, claim: ClaimedDelivery, now: datetime) -> bytes | DeliveryAttempt:
        """Return the bytes to send, or the attempt to record instead of sending."""
        repeat_until = now - (sink.dedupe_window - self._limits.dedupe_margin)
        if claim.maybe_sent_at is not None and claim.maybe_sent_at <= repeat_until:
            return DEDUPE_WINDOW_OVER
        body = sink.encode(claim.deliverable.payload, now=now)
        if isinstance(body, Fault):
            return DeliveryAttempt(AttemptOutcome.REFUSED, body.code, body.reason)
        return body

    async def _deliver(
        self, sink: Sink, bodies: Sequence[tuple[ClaimedDelivery, bytes]]
    ) -> tuple[Sequence[DeliveryAttempt | None], DestinationState | None]:
        """Send the bodies. Return one attempt for each, and the state of the destination that they show."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        until = started + self._limits.sending.total_seconds()
        attempts: Sequence[DeliveryAttempt | None] = [None] * len(bodies)
        try:
            async with self._breaker:
                with self._span([claim for claim, _ in bodies]):
                    attempts = await sink.deliver(
                        [body for _, body in bodies],
                        may_continue=lambda: loop.time() < until and not self._closing.is_set(),
                    )
                if any(attempt is not None and attempt.outcome in OUTAGES for attempt in attempts):
                    raise DestinationUnavailable("the destination is unavailable")
        except TransientError:
            pass
        kind = bodies[0][0].kind
        BATCH_SIZE.labels(kind).observe(len(bodies))
        REQUEST_SECONDS.labels(kind).observe(loop.time() - started)
        return attempts, self._state_after(attempts)

    def _span(self, claims: Sequence[ClaimedDelivery]) -> AbstractContextManager[Span]:
        """Open the span of a batch, which links to the traces of its deliveries."""
        tenant_id, destination_id = self._key
        links = [
            link
            for carried in ((each.deliverable for each in claims) if tracing() else ())
            if (link := link_to(carried.traceparent, tenant_id=tenant_id, **carried.log_fields))
        ]
        attributes: dict[str, Any] = {
            "orylo.tenant_id": tenant_id,
            "orylo.destination_id": destination_id,
            "messaging.batch.message_count": len(claims),
        }
        return span(f"deliver {claims[0].kind}", links=links, **attributes)

    def _state_after(self, attempts: Sequence[DeliveryAttempt | None]) -> DestinationState | None:
        if self._destination is None:
            return None
        return state_after(
            attempts,
            self._destination,
            circuit_open=self._breaker.state == "open",
            now=self._clock.now(),
            probe_every=self._limits.probe_every,
        )

    async def _settle(self, attempts: Attempts, observed: DestinationState | None, retries: RetryPolicy) -> None:
        now = self._clock.now()
        results = [DeliveryResult(claim, _step(claim, attempt, now, retries), attempt) for claim, attempt in attempts]
        self._offer(await self._record(results, observed, now))
        report(results, now)

    async def _record(
        self, results: Sequence[DeliveryResult], observed: DestinationState | None, now: datetime
    ) -> list[Outgoing]:
        """Record the results, retrying until the claim expires: a delivery without a result is sent again.

        The destination's state is recorded first, so that no replica claims what a destination on hold has refused.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + (self._limits.lease - self._limits.sending).total_seconds()
        while True:
            try:
                if observed is not None:
                    await self._states.change(self._key, observed)
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
