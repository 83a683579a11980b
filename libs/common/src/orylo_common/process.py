"""Runs a service as a process, from its first log line to the last flush after SIGTERM."""

import asyncio
import gc
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from typing import Protocol, TypeVar

import asyncpg
import structlog
import uvloop

from orylo_common.broker.connect import open_broker
from orylo_common.broker.ports import Broker
from orylo_common.descriptors import raise_descriptor_limit
from orylo_common.errors import TransientError
from orylo_common.http.private import PrivateRoutes, serve_private
from orylo_common.postgres.partitions import maintain_partitions
from orylo_common.redis import RedisClient, connect
from orylo_common.settings import CommonSettings
from orylo_common.telemetry.error_reports import configure_error_reports
from orylo_common.telemetry.logs import configure_logs
from orylo_common.telemetry.traces import configure_traces

# Messages in hand have 25 s to finish, the rest is for flushing and closing. Kubernetes kills at 30 s.
DRAIN_LIMIT = timedelta(seconds=25)
EXIT_LIMIT = timedelta(seconds=28)

# Redis is a cache: it is not worth waiting for.
REDIS_TIMEOUT_S = 1.0

# Thresholds of the three generations of the garbage collector. Reference counting frees messages and tasks.
COLLECT_AFTER = (50_000, 20, 20)

# Errors at start that are not bugs: a server is unreachable or refuses the connection, a port is in use.
ENVIRONMENT_ERRORS = (TransientError, OSError, asyncpg.PostgresError)

log = structlog.get_logger(__name__)

OwnSettings = TypeVar("OwnSettings", bound=CommonSettings, contravariant=True)


class OpenApp(Protocol[OwnSettings]):
    """A service's composition root. The service runs while inside."""

    def __call__(
        self, settings: OwnSettings, *, broker: Broker, redis: RedisClient
    ) -> AbstractAsyncContextManager[PrivateRoutes]: ...


def serve(
    open_app: OpenApp[OwnSettings], settings: OwnSettings, *, service: str, private: tuple[str, int] | None = None
) -> int:
    """Run a service until SIGTERM or SIGINT. Return the process's exit status.

    `private` is the host and port of its private routes, unless its public port serves them.
    """
    configure_logs(service, settings.log_level, log_format=settings.log_format)
    with configure_error_reports(service, settings.sentry_dsn), configure_traces(service, settings.otlp_endpoint):
        return run_until_stopped(lambda: _open_service(open_app, settings, service, private))


def run_until_stopped(
    open_all: Callable[[], AbstractAsyncContextManager[object]], *, exit_limit: timedelta = EXIT_LIMIT
) -> int:
    """Stay inside `open_all()` until SIGTERM or SIGINT, then leave it. Return 0 if that finished in time.

    A second signal aborts the draining.
    """
    raise_descriptor_limit()
    return uvloop.run(_run(open_all, exit_limit))


@asynccontextmanager
async def _open_service(
    open_app: OpenApp[OwnSettings], settings: OwnSettings, service: str, private: tuple[str, int] | None
) -> AsyncIterator[None]:
    async with (
        connect(settings.redis_url, timeout_s=REDIS_TIMEOUT_S) as redis,
        # An unreachable broker only delays messages: ingest accepts webhooks without it, and the other services wait.
        open_broker(settings.broker_url, settings.database_url, required=False) as broker,
        open_app(settings, broker=broker, redis=redis) as routes,
        maintain_partitions(settings.database_url, role=f"orylo_{service}"),
    ):
        if private is None:
            yield
        else:
            async with serve_private(routes, *private):
                yield


def freeze_collector() -> None:
    """Exclude all existing objects from garbage collection: they live as long as the process."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


async def _run(open_all: Callable[[], AbstractAsyncContextManager[object]], exit_limit: timedelta) -> int:
    loop = asyncio.get_running_loop()
    stop, opened = asyncio.Event(), asyncio.Event()
    limit = asyncio.timeout(None)

    def on_signal() -> None:
        # Before the service is open there is nothing to drain. A second signal aborts the draining.
        if stop.is_set() or not opened.is_set():
            limit.reschedule(loop.time())
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal)
    try:
        async with limit, open_all():
            opened.set()
            freeze_collector()
            log.info("process.started", pid=os.getpid())
            await stop.wait()
            log.info("process.stopping")
            limit.reschedule(loop.time() + exit_limit.total_seconds())
    except Exception as error:
        if limit.expired():
            log.warning("process.drain_aborted")
        elif isinstance(error, ENVIRONMENT_ERRORS) and not opened.is_set():
            log.error("process.failed", error=str(error))  # noqa: TRY400  (not a bug, needs no traceback)
        else:
            log.exception("process.failed")
        return 1
    log.info("process.stopped")
    return 0
