"""Keeps the embedded PostgreSQL running while the platform does."""

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

LOOK_EVERY = timedelta(seconds=0.5)
# A disk that is full for a moment, a port that another has taken: half a minute in all.
RETRIES = RetryPolicy(max_attempts=6)

log = structlog.get_logger(__name__)


class Supervisor:
    """Starts PostgreSQL again on its port whenever it is gone; the services reconnect by themselves.

    Where that does not succeed it ends the process, as a SIGTERM would, and `gave_up` says why.
    """

    def __init__(self, postgres: EmbeddedPostgres, port: int, *, retries: RetryPolicy = RETRIES) -> None:
        self._postgres = postgres
        self._port = port
        self._retries = retries
        self._loops = AsyncExitStack()
        self.gave_up: EmbeddedError | None = None

    async def __aenter__(self) -> Self:
        watching = repeating("postgres.supervision", self._restart_if_gone, every=LOOK_EVERY)
        await self._loops.enter_async_context(watching)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._loops.aclose()

    async def _restart_if_gone(self) -> None:
        if self.gave_up is None and not self._postgres.alive():
            log.error("postgres.ended", log_file=str(self._postgres.folder / "log"))
            await self._start_again()

    async def _start_again(self) -> None:
        for attempt in count(1):
            try:
                # It blocks: PostgreSQL ends with the thread that started it, so that has to be this one.
                self._postgres.start(self._port)
            except (EmbeddedError, OSError) as error:
                log.error("postgres.not_started", attempt=attempt, reason=str(error))  # noqa: TRY400
                if attempt == self._retries.max_attempts:
                    self.gave_up = EmbeddedError(f"PostgreSQL has ended and could not be started again: {error}")
                    signal.raise_signal(signal.SIGTERM)
                    return
            else:
                log.warning("postgres.started_again")
                return
            await asyncio.sleep(self._retries.delay(attempt).total_seconds())
