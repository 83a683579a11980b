"""The demo's buyers: a little traffic for as long as the demo runs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog

from orylo_cli.demo.shop import DOORS, TENANT
from orylo_cli.simulate import SimulateOptions, run

# Requests a second: enough to watch, too little to fill a disk in a day.
RATE = 2.0

log = structlog.get_logger(__name__)


@asynccontextmanager
async def demo_traffic(ingest_url: str) -> AsyncIterator[None]:
    buying = asyncio.create_task(_buy(SimulateOptions(TENANT, DOORS, ingest_url, rate=RATE, duration_s=None)))
    try:
        yield
    finally:
        buying.cancel()
        with suppress(asyncio.CancelledError):
            await buying


async def _buy(options: SimulateOptions) -> None:
    try:
        await run(options)
    except Exception:
        # The platform is what is shown; it goes on without buyers.
        log.exception("demo.traffic_stopped")
