"""An in-process Redis."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from fakeredis import FakeAsyncRedis
from redis.asyncio import Redis

from orylo_common.repeating import repeating

SWEEP_EVERY = timedelta(minutes=1)


@asynccontextmanager
async def open_cache(*, sweep_every: timedelta = SWEEP_EVERY) -> AsyncIterator[Redis]:
    """Run an in-process Redis that deletes expired keys, so that its memory does not grow."""
    async with (
        FakeAsyncRedis() as redis,
        # fakeredis deletes an expired key only when it is read. DBSIZE reads them all.
        repeating("cache.sweep", redis.dbsize, every=sweep_every),
    ):
        yield redis
