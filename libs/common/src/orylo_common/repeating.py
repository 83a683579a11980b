"""Background loops that survive any error."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import structlog
from prometheus_client import Counter

from orylo_common.errors import TransientError
from orylo_common.postgres.errors import TRANSIENT_ERRORS, raise_if_cancelled
from orylo_common.resilience.retry import RetryPolicy

FAILURES = Counter("orylo_loop_failures_total", "Unexpected errors in a background loop, which continued", ["loop"])

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
        # A CancelledError may come from a future that the job awaits, while this task is to continue.
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001  (logged)
            raise_if_cancelled()
            # A job that waits for events never returns: it had recovered if it ran for longer than any pause.
            failures = 1 if loop.time() - started > BACKOFF.cap.total_seconds() else failures + 1
            pause = max(every, TRANSIENT_PAUSE if _is_transient(error) else BACKOFF.delay(failures))
            _log(name, error)
        # asyncpg may have replaced a cancellation by an error that the job then handled.
        raise_if_cancelled()
        await asyncio.sleep(pause.total_seconds())


def _log(name: str, error: BaseException) -> None:
    if _is_transient(error):
        reason = str(error) if isinstance(error, TransientError) else type(error).__name__
        log.warning("loop.interrupted", loop=name, error=reason)
    else:
        FAILURES.labels(name).inc()
        log.error("loop.failed", loop=name, exc_info=error)


def _is_transient(error: BaseException) -> bool:
    return isinstance(error, (TransientError, *TRANSIENT_ERRORS))
