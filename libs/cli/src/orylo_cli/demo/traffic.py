"""Sample traffic of the demo."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog

from orylo_cli.demo.shop import SIGNERS, TENANT
from orylo_cli.simulate import SimulateOptions, run

# Requests per second: enough to watch, too few to fill a disk in a day.
RATE = 2.0

log = structlog.get_logger(__name__)


@asynccontextmanager
async def demo_traffic(ingest_url: str) -> AsyncIterator[None]:
    sending = asyncio.create_task(_send(SimulateOptions(TENANT, SIGNERS, ingest_url, rate=RATE, duration_s=None)))
    try:
        yield
    finally:
        sending.cancel()
        with suppress(asyncio.CancelledError):
            await sending


async def _send(options: SimulateOptions) -> None:
    try:
        await run(options)
    except Exception:
        # Log and continue: the platform keeps running without sample traffic.
        log.exception("demo.traffic_stopped")
