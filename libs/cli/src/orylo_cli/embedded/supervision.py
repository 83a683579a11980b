"""Keeps the embedded PostgreSQL running while the platform does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog

from orylo_cli.embedded.postgres import EmbeddedPostgres

LOOK_EVERY_S = 0.5

log = structlog.get_logger(__name__)


@asynccontextmanager
async def kept_running(postgres: EmbeddedPostgres, port: int) -> AsyncIterator[None]:
    """Start it again on its port whenever it is gone; the services reconnect by themselves."""
    watching = asyncio.create_task(_watch(postgres, port))
    try:
        yield
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching


async def _watch(postgres: EmbeddedPostgres, port: int) -> None:
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        if not postgres.alive():
            log.error("postgres.ended", log_file=str(postgres.folder / "log"))
            # It blocks: PostgreSQL ends with the thread that started it, so that has to be this one.
            postgres.start(port)
            log.warning("postgres.started_again")
