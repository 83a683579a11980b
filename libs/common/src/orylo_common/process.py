"""A service as a process: from its first log line to the last flush after SIGTERM."""

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
from redis.asyncio import Redis

from orylo_common.broker.connect import open_broker
from orylo_common.broker.ports import Broker
from orylo_common.errors import TransientError
from orylo_common.postgres.partitions import maintain_partitions
from orylo_common.settings import CommonSettings
from orylo_common.telemetry.health import Health, serve_health
from orylo_common.telemetry.logs import configure_logs
from orylo_common.telemetry.traces import configure_traces

# What is in hand has 25 s to be finished; the rest is for flushing and closing. Kubernetes kills at 30 s.
DRAIN_LIMIT = timedelta(seconds=25)
EXIT_LIMIT = timedelta(seconds=28)

# Redis is a cache: one that does not answer at once is worth no waiting.
REDIS_TIMEOUT_S = 1.0

# Objects made, and younger collections, before the next one. Messages and tasks are freed by their reference counts.
COLLECT_AFTER = (50_000, 20, 20)

# What a start meets that is none of its own doing: a server that is away or refuses us, a port that somebody has.
SURROUNDINGS = (TransientError, OSError, asyncpg.PostgresError)

log = structlog.get_logger(__name__)

OwnSettings = TypeVar("OwnSettings", bound=CommonSettings, contravariant=True)


class OpenApp(Protocol[OwnSettings]):
    """A service's composition root: everything runs while inside."""

    def __call__(
        self, settings: OwnSettings, *, broker: Broker, redis: Redis
    ) -> AbstractAsyncContextManager[Health]: ...


def serve(
    open_app: OpenApp[OwnSettings], settings: OwnSettings, *, service: str, health_port: int | None = None
) -> int:
    """Run one service until it is told to stop; the process's exit status.

    `health_port` is for a service that has no HTTP port of its own.
    """
    configure_logs(service, settings.log_level, log_format=settings.log_format)
    with configure_traces(service, settings.otlp_endpoint):
        return run_until_stopped(lambda: _open_service(open_app, settings, service, health_port))


def run_until_stopped(
    open_all: Callable[[], AbstractAsyncContextManager[object]], *, exit_limit: timedelta = EXIT_LIMIT
) -> int:
    """Stay inside `open_all()` until SIGTERM or SIGINT, then leave it; 0 when that was in time.

    A second signal ends the draining at once.
    """
    return uvloop.run(_run(open_all, exit_limit))


@asynccontextmanager
async def _open_service(
    open_app: OpenApp[OwnSettings], settings: OwnSettings, service: str, health_port: int | None
) -> AsyncIterator[None]:
    redis = Redis.from_url(settings.redis_url, socket_timeout=REDIS_TIMEOUT_S, socket_connect_timeout=REDIS_TIMEOUT_S)
    async with (
        redis,
        # A broker that is away delays what it carries. The door takes webhooks all the same, and the rest waits.
        open_broker(settings.broker_url, settings.database_url, required=False) as broker,
        open_app(settings, broker=broker, redis=redis) as health,
        maintain_partitions(settings.database_url, role=f"orylo_{service}"),
    ):
        if health_port is None:
            yield
        else:
            async with serve_health(health, "0.0.0.0", health_port):  # noqa: S104  a container's only way to be asked
                yield


def spare_the_collector() -> None:
    """What is there by now stays until the end: the cycle collector need not look through it over and over."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


async def _run(open_all: Callable[[], AbstractAsyncContextManager[object]], exit_limit: timedelta) -> int:
    loop = asyncio.get_running_loop()
    stop, opened = asyncio.Event(), asyncio.Event()
    limit = asyncio.timeout(None)

    def on_signal() -> None:
        # Before everything is open there is nothing to drain, and after a first signal no more patience.
        if stop.is_set() or not opened.is_set():
            limit.reschedule(loop.time())
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal)
    try:
        async with limit, open_all():
            opened.set()
            spare_the_collector()
            log.info("process.started", pid=os.getpid())
            await stop.wait()
            log.info("process.stopping")
            limit.reschedule(loop.time() + exit_limit.total_seconds())
    except Exception as error:
        if limit.expired():
            log.warning("process.stopped_in_haste")
        elif isinstance(error, SURROUNDINGS) and not opened.is_set():
            log.error("process.failed", error=str(error))  # noqa: TRY400  nothing of ours to look at
        else:
            log.exception("process.failed")
        return 1
    log.info("process.stopped")
    return 0
