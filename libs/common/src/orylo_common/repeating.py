"""Background loops that survive any error."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from time import monotonic

import structlog
from prometheus_client import Counter, Gauge

from orylo_common.errors import TransientError
from orylo_common.postgres.errors import TRANSIENT_ERRORS, raise_if_cancelled
from orylo_common.resilience.retry import RetryPolicy

FAILURES = Counter("orylo_loop_failures_total", "Unexpected errors in a background loop, which continued", ["loop"])

FAILING_SECONDS = Gauge("orylo_loop_failing_seconds", "How long a background loop has been failing", ["loop"])

# A run that lasts longer than this, and than twice the failed run before it, has recovered: it waits for something.
GRACE_S = 5.0
# A loop that fails for longer is reported as down.
DOWN_AFTER = timedelta(minutes=1)

# After an error that passes, such as a lost connection.
TRANSIENT_PAUSE = timedelta(seconds=1)
# After any other error: 1, 2, 4, 8 s and then every 10 s, because each one logs a traceback. Without jitter: the
# error is a bug or a missing grant, not a server to protect.
BACKOFF = RetryPolicy(cap=timedelta(seconds=10), jitter=lambda: 1.0)

Job = Callable[[], Awaitable[object]]

log = structlog.get_logger(__name__)


@dataclass(slots=True, eq=False)
class _Loop:
    """A running loop, and its series of failures: when it began, and until when it lasts (monotonic seconds)."""

    name: str
    failing_since: float = 0.0
    failing_until: float = 0.0

    def fail(self, run_s: float, pause_s: float) -> None:
        """Continue the series, or begin one. The next run starts after the pause."""
        now = monotonic()
        if now > self.failing_until:
            self.failing_since = now
        self.failing_until = now + pause_s + max(GRACE_S, 2 * run_s)
        FAILING_SECONDS.labels(self.name).set_function(partial(_failing_seconds, self.name))

    def succeed(self) -> None:
        self.failing_until = 0.0

    @property
    def failing_s(self) -> float:
        now = monotonic()
        return now - self.failing_since if now < self.failing_until else 0.0


# In one process, the loops of several services may have the same name.
_loops: set[_Loop] = set()


@asynccontextmanager
async def repeating(
    name: str, job: Job, *, every: timedelta = timedelta(0), on_exit: Job | None = None
) -> AsyncIterator[None]:
    """Run `job` in a task of its own, at once and then with pauses of `every`, until the block is left.

    No error ends the loop: each is logged under `loop.interrupted` or `loop.failed`, then the job runs again.
    Omit `every` for a job that waits for something, such as an event. `on_exit` runs after the last run of `job`.
    """
    running = _Loop(name)
    _loops.add(running)
    task = asyncio.create_task(_repeat(running, job, every), name=name)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        _loops.discard(running)
        if on_exit is not None:
            try:
                await on_exit()
            except Exception as error:  # noqa: BLE001  (logged)
                _log(name, error)


async def _repeat(running: _Loop, job: Job, every: timedelta) -> None:
    loop = asyncio.get_running_loop()
    failures = 0
    while True:
        started = loop.time()
        pause = every
        try:
            await job()
            failures = 0
            running.succeed()
        # A CancelledError may come from a future that the job awaits, while this task is to continue.
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001  (logged)
            raise_if_cancelled()
            # A job that waits for events never returns: it had recovered if it ran for longer than any pause.
            run_s = loop.time() - started
            failures = 1 if run_s > BACKOFF.cap.total_seconds() else failures + 1
            pause = max(every, TRANSIENT_PAUSE if _is_transient(error) else BACKOFF.delay(failures))
            _log(running.name, error)
            running.fail(run_s, pause.total_seconds())
        # asyncpg may have replaced a cancellation by an error that the job then handled.
        raise_if_cancelled()
        await asyncio.sleep(pause.total_seconds())


def loops_down() -> list[str]:
    """Return the loops of this process that have been failing for more than `DOWN_AFTER`."""
    return sorted({each.name for each in _loops if each.failing_s > DOWN_AFTER.total_seconds()})


def _failing_seconds(name: str) -> float:
    """Return the longest time that a loop of this name has been failing."""
    return max((each.failing_s for each in _loops if each.name == name), default=0.0)


def _log(name: str, error: BaseException) -> None:
    if _is_transient(error):
        reason = str(error) if isinstance(error, TransientError) else type(error).__name__
        log.warning("loop.interrupted", loop=name, error=reason)
    else:
        FAILURES.labels(name).inc()
        log.error("loop.failed", loop=name, exc_info=error)


def _is_transient(error: BaseException) -> bool:
    return isinstance(error, (TransientError, *TRANSIENT_ERRORS))
