"""Background loops that survive any error."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import structlog
from prometheus_client import Counter, Gauge

from orylo_common.errors import TransientError
from orylo_common.postgres.errors import TRANSIENT_ERRORS, raise_if_cancelled
from orylo_common.resilience.retry import RetryPolicy

FAILURES = Counter("orylo_loop_failures_total", "Unexpected errors in a background loop, which continued", ["loop"])

FAILING_SECONDS = Gauge("orylo_loop_failing_seconds", "How long a background loop has been failing", ["loop"])

# For each loop that fails: since when, and until when its next run must have ended well (monotonic seconds).
_failing: dict[str, tuple[float, float]] = {}
# A run that has not failed by then succeeds, or waits for something.
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


@asynccontextmanager
async def repeating(
    name: str, job: Job, *, every: timedelta = timedelta(0), on_exit: Job | None = None
) -> AsyncIterator[None]:
    """Run `job` in a task of its own, at once and then with pauses of `every`, until the block is left.

    No error ends the loop: each is logged under `loop.interrupted` or `loop.failed`, then the job runs again.
    Omit `every` for a job that waits for something, such as an event. `on_exit` runs after the last run of `job`.
    """
    task = asyncio.create_task(_repeat(name, job, every), name=name)
    try:
        yield
    finally:
        _note_success(name)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        if on_exit is not None:
            try:
                await on_exit()
            except Exception as error:  # noqa: BLE001  (logged)
                _log(name, error)


async def _repeat(name: str, job: Job, every: timedelta) -> None:
    loop = asyncio.get_running_loop()
    failures = 0
    while True:
        started = loop.time()
        pause = every
        try:
            await job()
            failures = 0
            _note_success(name)
        # A CancelledError may come from a future that the job awaits, while this task is to continue.
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001  (logged)
            raise_if_cancelled()
            # A job that waits for events never returns: it had recovered if it ran for longer than any pause.
            failures = 1 if loop.time() - started > BACKOFF.cap.total_seconds() else failures + 1
            pause = max(every, TRANSIENT_PAUSE if _is_transient(error) else BACKOFF.delay(failures))
            _log(name, error)
            _note_failure(name, first=failures == 1, pause_s=pause.total_seconds())
        # asyncpg may have replaced a cancellation by an error that the job then handled.
        raise_if_cancelled()
        await asyncio.sleep(pause.total_seconds())


def loops_down() -> list[str]:
    """Return the loops of this process that have been failing for more than `DOWN_AFTER`."""
    now = time.monotonic()
    return sorted(
        name for name, (since, until) in _failing.items() if now < until and now - since > DOWN_AFTER.total_seconds()
    )


def _note_failure(name: str, *, first: bool, pause_s: float) -> None:
    now = time.monotonic()
    since = now if first else _failing.get(name, (now, now))[0]
    _failing[name] = since, now + pause_s + GRACE_S
    FAILING_SECONDS.labels(name).set(now - since)


def _note_success(name: str) -> None:
    if _failing.pop(name, None):
        FAILING_SECONDS.labels(name).set(0)


def _log(name: str, error: BaseException) -> None:
    if _is_transient(error):
        reason = str(error) if isinstance(error, TransientError) else type(error).__name__
        log.warning("loop.interrupted", loop=name, error=reason)
    else:
        FAILURES.labels(name).inc()
        log.error("loop.failed", loop=name, exc_info=error)


def _is_transient(error: BaseException) -> bool:
    return isinstance(error, (TransientError, *TRANSIENT_ERRORS))
