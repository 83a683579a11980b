"""An in-process Redis."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from fakeredis import FakeAsyncRedis
from redis.asyncio import Redis

SWEEP_EVERY = timedelta(minutes=1)


@asynccontextmanager
async def open_cache(*, sweep_every: timedelta = SWEEP_EVERY) -> AsyncIterator[Redis]:
    """Run an in-process Redis that deletes expired keys, so that its memory does not grow."""
    async with FakeAsyncRedis() as redis:
        sweeping = asyncio.create_task(_sweep(redis, sweep_every))
        try:
            yield redis
        finally:
            sweeping.cancel()
            await asyncio.gather(sweeping, return_exceptions=True)


async def _sweep(redis: Redis, every: timedelta) -> None:
    while True:
        await asyncio.sleep(every.total_seconds())
        # fakeredis deletes an expired key only when it is read. DBSIZE reads them all.
        await redis.dbsize()
