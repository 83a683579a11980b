"""A circuit breaker stops calls to a failing dependency, and lets one probe through from time to time."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from types import TracebackType
from typing import Any, Literal, Self

from orylo_common.errors import PermanentError, TransientError
from orylo_common.telemetry.metrics import CIRCUIT_STATE

CircuitState = Literal["closed", "open", "half_open"]

_AS_NUMBER: dict[CircuitState, int] = {"closed": 0, "half_open": 1, "open": 2}

# How long callers wait while another caller's probe is running.
PROBE_WAIT = timedelta(seconds=1)


class CircuitOpen(TransientError):
    """The call was not made."""


class CircuitBreaker:
    """Opens after `failures` failures in a row. After `recovery`, one probe closes it or opens it again.

    `async with breaker:` raises `CircuitOpen` at once while open. Only `TransientError` and `TimeoutError` count as
    failures. A `PermanentError` is an answer, so it counts as success. Any other error is ignored: it may be ours. The
    state is this process's own.
    """

    def __init__(
        self,
        name: str,
        *,
        failures: int = 5,
        recovery: timedelta = timedelta(seconds=10),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self._threshold = failures
        self._recovery_s = recovery.total_seconds()
        self._clock = clock
        self._failures = 0
        # None while closed.
        self._opened_at: float | None = None
        self._probe: asyncio.Task[object] | None = None
        self._gauge = CIRCUIT_STATE.labels(name)
        self._gauge.set(0)

    @property
    def state(self) -> CircuitState:
        """Return `half_open` as soon as a probe would be let through."""
        if self._opened_at is None:
            return "closed"
        return "open" if self._seconds_left(self._opened_at) > 0 else "half_open"

    @property
    def retry_after(self) -> timedelta:
        """Return how long calls are still refused; zero if one would be let through."""
        if self._opened_at is None:
            return timedelta()
        if (left := self._seconds_left(self._opened_at)) > 0:
            return timedelta(seconds=left)
        return PROBE_WAIT if self._probe is not None else timedelta()

    def _seconds_left(self, opened_at: float) -> float:
        return opened_at + self._recovery_s - self._clock()

    async def __aenter__(self) -> Self:
        if self._opened_at is None:
            return self
        if wait := self.retry_after:
            raise CircuitOpen(f"circuit {self.name} is open", retry_after=wait)
        self._probe = asyncio.current_task()
        self._show("half_open")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._opened_at is not None:
            if self._probe is not asyncio.current_task():
                # The call began before the circuit opened, so its result is out of date.
                return
            self._probe = None
        if error is None or isinstance(error, PermanentError):
            self._succeeded()
        elif isinstance(error, TransientError | TimeoutError):
            self._failed()

    def _succeeded(self) -> None:
        self._failures = 0
        if self._opened_at is not None:
            self._opened_at = None
            self._show("closed")

    def _failed(self) -> None:
        self._failures += 1
        if self._opened_at is not None or self._failures >= self._threshold:
            self._opened_at = self._clock()
            self._show("open")

    def _show(self, state: CircuitState) -> None:
        self._gauge.set(_AS_NUMBER[state])


def circuits_not_closed() -> dict[str, CircuitState]:
    """Return the state of each breaker of this process that is not closed, by name, for `/readyz`."""
    by_number = {number: state for state, number in _AS_NUMBER.items()}
    return {
        sample.labels["name"]: by_number[int(sample.value)]
        for metric in CIRCUIT_STATE.collect()
        for sample in metric.samples
        if sample.value
    }


def guarded(breaker: CircuitBreaker, handler: Callable[[Any], Awaitable[object]]) -> Callable[[Any], Awaitable[None]]:
    """Run `handler` inside `breaker`. For a consumer that has it as a gate: while open, no attempt is counted."""

    async def handle(message: Any) -> None:
        async with breaker:
            await handler(message)

    return handle
