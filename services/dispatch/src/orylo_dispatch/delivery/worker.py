"""One destination's worker: takes what is due, hands it over, records what came of it.

Each destination has its own, so that a slow or refused one delays nobody else.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from orylo_common.broker.ports import Outgoing
from orylo_common.clock import Clock
from orylo_common.control import Destination
from orylo_common.errors import TransientError
from orylo_common.resilience.circuit_breaker import CircuitBreaker
from orylo_common.resilience.retry import RetryPolicy
from orylo_dispatch.conversions.facts import DestinationKey
from orylo_dispatch.delivery.queue import Claim, DeliveryQueue, Settlement
from orylo_dispatch.delivery.reporting import tell
from orylo_dispatch.delivery.sink import ConversionSink
from orylo_dispatch.domain.attempt import Attempt, Outcome, State, Step, next_step
from orylo_dispatch.domain.conversion import Conversion
from orylo_dispatch.metrics import BATCH_SIZE, ON_HOLD, REQUEST_SECONDS

log = structlog.get_logger(__name__)

ON_HOLD_OUTCOMES = frozenset({Outcome.TOKEN, Outcome.CONFIGURATION})
OUTAGES = frozenset({Outcome.TRANSIENT, Outcome.UNKNOWN})
TOO_LATE = Attempt(
    Outcome.REFUSED,
    "unknown_too_long",
    "An earlier attempt may have arrived, and is so long ago that a repeat would count as a second sale.",
)

# Of another release, or damaged: the others of its destination go on.
UNREADABLE = Attempt(Outcome.REFUSED, "unreadable", "What was stored of the conversion cannot be read.")


@dataclass(frozen=True, slots=True)
class Limits:
    # Meta's own limit of a request.
    batch: int = 1000
    # While a circuit is half open, so that a probe costs few conversions an attempt.
    probe_batch: int = 10
    # Under light load, for others to join: a request and two transactions for several instead of for each.
    linger: timedelta = timedelta(milliseconds=30)
    # A claim is another's after this: what a killed process held waits as long. The last request of a batch
    # begins before `sending` is over, and takes 10 s at most.
    lease: timedelta = timedelta(seconds=30)
    sending: timedelta = timedelta(seconds=12)
    # Between two questions whether a refused token is accepted again; a changed one is tried at once.
    probe_every: timedelta = timedelta(minutes=5)
    # Taken off the destination's dedupe window: the time that a repeat may take to arrive.
    dedupe_margin: timedelta = timedelta(hours=2)


class DestinationDown(TransientError):
    """For the circuit breaker only: the results are in hand."""


class Worker:
    """`wake` it when something may be due; it runs until nothing is, or nothing can be sent."""

    def __init__(
        self,
        key: DestinationKey,
        *,
        find: Callable[[DestinationKey], Destination | None],
        connect: Callable[[Destination], ConversionSink],
        queue: DeliveryQueue,
        offer: Callable[[Sequence[Outgoing]], None],
        breaker: CircuitBreaker,
        retries: RetryPolicy,
        limits: Limits,
        clock: Clock,
    ) -> None:
        self._key = key
        self._find = find
        self._connect = connect
        self._queue = queue
        self._offer = offer
        self._breaker = breaker
        self._retries = retries
        self._limits = limits
        self._clock = clock
        self._task: asyncio.Task[None] | None = None
        self._woken = False
        self._closing = False
        self._destination: Destination | None = None
        self._sink: ConversionSink | None = None
        # While set, nothing is sent before then: throttled, or on hold until the next probe.
        self._not_before: datetime | None = None
        self._on_hold = False

    def wake(self) -> None:
        self._woken = True
        if not self._closing and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Finish the request in hand, and take no more."""
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
                sink = await self._ready()
                if sink is None:
                    return
                limit = self._limits.batch if self._breaker.state == "closed" else self._limits.probe_batch
                claimed = await self._send(sink, limit)
                full = claimed == limit
                if not claimed and not self._woken:
                    return
        except TransientError as error:
            # The sender's poll wakes it again.
            log.warning("dispatch.interrupted", destination_id=str(self._key[1]), error=type(error).__name__)
        except Exception:
            log.exception("dispatch.failed", destination_id=str(self._key[1]))

    async def _ready(self) -> ConversionSink | None:
        """The destination, if it may be sent to now."""
        destination = self._find(self._key)
        if destination is None or not destination.enabled or not destination.secret:
            self._hold(on=False)
            return None
        if destination != self._destination or self._sink is None:
            self._destination, self._sink = destination, self._connect(destination)
            self._not_before = None
            self._hold(on=False)
        if self._breaker.retry_after:
            return None
        if self._not_before is not None and self._clock.now() < self._not_before:
            return None
        if self._on_hold:
            self._not_before = self._clock.now() + self._limits.probe_every
            if (await self._sink.probe()).outcome is not Outcome.DISPATCHED:
                return None
            self._hold(on=False)
        self._not_before = None
        return self._sink

    async def _send(self, sink: ConversionSink, limit: int) -> int:
        """How many deliveries were claimed."""
        claims = await self._queue.claim(self._key, limit=limit, now=self._clock.now(), lease=self._limits.lease)
        late = self._clock.now() - (sink.dedupe_window - self._limits.dedupe_margin)
        results: list[tuple[Claim, Attempt | None]] = []
        fresh: list[tuple[Claim, Conversion]] = []
        for claim in claims:
            if claim.conversion is None:
                results.append((claim, UNREADABLE))
            elif claim.maybe_sent_at is not None and claim.maybe_sent_at <= late:
                results.append((claim, TOO_LATE))
            else:
                fresh.append((claim, claim.conversion))
        if fresh:
            attempts = await self._deliver(
                sink, [conversion for _, conversion in fresh], kind=claims[0].delivery.destination_kind
            )
            self._learn(attempts)
            results += zip([claim for claim, _ in fresh], attempts, strict=True)
        if results:
            await self._settle(results)
        return len(claims)

    async def _deliver(
        self, sink: ConversionSink, conversions: Sequence[Conversion], *, kind: str
    ) -> Sequence[Attempt | None]:
        loop = asyncio.get_running_loop()
        started = loop.time()
        until = started + self._limits.sending.total_seconds()
        attempts: Sequence[Attempt | None] = [None] * len(conversions)
        try:
            async with self._breaker:
                attempts = await sink.deliver(conversions, may_go_on=lambda: loop.time() < until and not self._closing)
                if any(attempt is not None and attempt.outcome in OUTAGES for attempt in attempts):
                    raise DestinationDown("the destination is away")
        except TransientError:
            pass
        BATCH_SIZE.labels(kind).observe(len(conversions))
        REQUEST_SECONDS.labels(kind).observe(loop.time() - started)
        return attempts

    def _learn(self, attempts: Sequence[Attempt | None]) -> None:
        """What the results say about the destination rather than about the conversions."""
        for attempt in attempts:
            if attempt is None:
                continue
            if attempt.outcome in ON_HOLD_OUTCOMES:
                self._not_before = self._clock.now() + self._limits.probe_every
                self._hold(on=True, attempt=attempt)
                return
            if attempt.outcome is Outcome.THROTTLED and attempt.retry_after is not None:
                self._not_before = self._clock.now() + attempt.retry_after
                return

    def _hold(self, *, on: bool, attempt: Attempt | None = None) -> None:
        if on != self._on_hold:
            self._on_hold = on
            ON_HOLD.labels(str(self._key[1])).set(on)
            log.warning(
                "dispatch.destination_on_hold" if on else "dispatch.destination_resumed",
                tenant_id=str(self._key[0]),
                destination_id=str(self._key[1]),
                code=attempt and attempt.code,
                reason=attempt and attempt.reason,
            )

    async def _settle(self, results: Sequence[tuple[Claim, Attempt | None]]) -> None:
        now = self._clock.now()
        settlements = [Settlement(claim, self._step(claim, attempt, now), attempt) for claim, attempt in results]
        self._offer(await self._record(settlements, now))
        tell(settlements, now)

    async def _record(self, settlements: Sequence[Settlement], now: datetime) -> list[Outgoing]:
        """Again and again while the claim is ours: what is not recorded is sent a second time."""
        loop = asyncio.get_running_loop()
        until = loop.time() + (self._limits.lease - self._limits.sending).total_seconds()
        while True:
            try:
                return await self._queue.settle(settlements, now=now)
            except TransientError:
                if loop.time() > until:
                    raise
                await asyncio.sleep(0.5)

    def _step(self, claim: Claim, attempt: Attempt | None, now: datetime) -> Step:
        if attempt is None:
            return Step(State.PENDING, now, claim.refusals, claim.maybe_sent_at)
        return next_step(
            attempt,
            number=claim.number,
            refusals=claim.refusals,
            started_at=claim.started_at,
            maybe_sent_at=claim.maybe_sent_at,
            now=now,
            retries=self._retries,
        )
