"""Restarts of the embedded PostgreSQL."""

import asyncio
import signal
from contextlib import AsyncExitStack
from datetime import timedelta
from itertools import count
from types import TracebackType
from typing import Self

import structlog

from orylo_cli.embedded.errors import EmbeddedError
from orylo_cli.embedded.postgres import EmbeddedPostgres
from orylo_common.repeating import repeating
from orylo_common.resilience.retry import RetryPolicy

CHECK_EVERY = timedelta(seconds=0.5)
# Half a minute in all, for a full disk or a port that is taken for a while.
RETRIES = RetryPolicy(max_attempts=6)

log = structlog.get_logger(__name__)


class Supervisor:
    """Restarts PostgreSQL on its port when it has ended. The services reconnect.

    If all attempts fail, it sets `failure` and ends this process by SIGTERM.
    """

    def __init__(self, postgres: EmbeddedPostgres, port: int, *, retries: RetryPolicy = RETRIES) -> None:
        self._postgres = postgres
        self._port = port
        self._retries = retries
        self._loops = AsyncExitStack()
        self.failure: EmbeddedError | None = None

    async def __aenter__(self) -> Self:
        watching = repeating("postgres.supervision", self._restart_if_gone, every=CHECK_EVERY)
        await self._loops.enter_async_context(watching)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._loops.aclose()

    async def _restart_if_gone(self) -> None:
        if self.failure is None and not self._postgres.alive():
            log.error("postgres.ended", log_file=str(self._postgres.folder / "log"))
            await self._restart()

    async def _restart(self) -> None:
        for attempt in count(1):
            try:
                # Blocks the event loop: PostgreSQL ends with the thread that started it, so it must be this one.
                self._postgres.start(self._port)
            except (EmbeddedError, OSError) as error:
                log.error("postgres.not_started", attempt=attempt, reason=str(error))  # noqa: TRY400
                if attempt == self._retries.max_attempts:
                    self.failure = EmbeddedError(f"PostgreSQL ended and could not be restarted: {error}")
                    signal.raise_signal(signal.SIGTERM)
                    return
            else:
                log.warning("postgres.restarted")
                return
            await asyncio.sleep(self._retries.delay(attempt).total_seconds())
