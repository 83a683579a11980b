"""A circuit breaker: stops calls to something that fails, and lets one probe through now and then."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from types import TracebackType
from typing import Any, Literal, Self

from purgatory.domain.model import CLOSED, HALF_OPENED, OPENED, Context

from orylo_common.errors import PermanentError, TransientError
from orylo_common.telemetry.metrics import CIRCUIT_STATE

CircuitState = Literal["closed", "open", "half_open"]

_STATES: dict[str, CircuitState] = {CLOSED: "closed", OPENED: "open", HALF_OPENED: "half_open"}
_AS_NUMBER: dict[CircuitState, int] = {"closed": 0, "half_open": 1, "open": 2}

# How soon to ask again while another caller's probe is under way.
PROBE_WAIT = timedelta(seconds=1)


class CircuitOpen(TransientError):
    """The call was not made."""


class CircuitBreaker:
    """Opens after `failures` failures in a row; after `recovery`, one probe decides what comes next.

    `async with breaker:` raises `CircuitOpen` at once while open. Only `TransientError` and time-outs are
    failures. A `PermanentError` is an answer, so it counts as success; any other error tells nothing
    about what is behind the breaker. The state machine is purgatory's; the stores and the message bus
    around it are left out, because a breaker is one process's own observation.
    """

    def __init__(self, name: str, *, failures: int = 5, recovery: timedelta = timedelta(seconds=10)) -> None:
        self.name = name
        self._circuit = Context(name, failures, recovery.total_seconds())
        self._probe: asyncio.Task[object] | None = None
        self._gauge = CIRCUIT_STATE.labels(name)
        self._gauge.set(0)

    @property
    def state(self) -> CircuitState:
        """`half_open` as soon as a probe would be let through."""
        state = _STATES[self._circuit.state]
        return "half_open" if state == "open" and not self._seconds_left() else state

    @property
    def retry_after(self) -> timedelta:
        """How long calls are refused from now on; zero where one would be let through."""
        if self._circuit.state == OPENED:
            return timedelta(seconds=self._seconds_left())
        return PROBE_WAIT if self._probe is not None else timedelta()

    async def __aenter__(self) -> Self:
        if self._circuit.state == CLOSED:
            return self
        # Asked here and not by purgatory, which raises one and the same exception each time: its
        # traceback would grow with every refused call.
        if wait := self.retry_after:
            raise CircuitOpen(f"circuit {self.name} is open", retry_after=wait)
        self._circuit.handle_new_request()
        self._probe = asyncio.current_task()
        self._tell()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._circuit.state == CLOSED:
            if error is None and self._circuit.failure_count == 0:
                return
        elif self._probe is not asyncio.current_task():
            # It began before the circuit opened, and says nothing about now.
            return
        self._probe = None
        if error is None or isinstance(error, PermanentError):
            self._circuit.handle_end_request()
        elif isinstance(error, TransientError | TimeoutError):
            self._circuit.handle_exception(error)
        self._tell()

    def _seconds_left(self) -> float:
        left = (self._circuit.opened_at or 0.0) + self._circuit.ttl - time.time()
        # At the very moment of recovery purgatory still refuses, hence the millisecond.
        return left + 0.001 if left >= 0 else 0.0

    def _tell(self) -> None:
        self._circuit.messages.clear()
        self._gauge.set(_AS_NUMBER[_STATES[self._circuit.state]])


def guarded(breaker: CircuitBreaker, handler: Callable[[Any], Awaitable[None]]) -> Callable[[Any], Awaitable[None]]:
    """For a consumer whose gate the breaker is: while it is open messages are given back, and use up no attempts."""

    async def handle(message: Any) -> None:
        async with breaker:
            await handler(message)

    return handle
