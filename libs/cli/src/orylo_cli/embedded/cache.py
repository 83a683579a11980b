"""Redis in this process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from fakeredis import FakeAsyncRedis
from redis.asyncio import Redis

from orylo_common.repeating import repeating

SWEEP_EVERY = timedelta(minutes=1)


@asynccontextmanager
async def open_cache(*, sweep_every: timedelta = SWEEP_EVERY) -> AsyncIterator[Redis]:
    """Open an in-memory Redis. Expired keys are dropped, so its memory does not grow without bound."""
    async with (
        FakeAsyncRedis() as redis,
        # fakeredis drops an expired key only when that key is read. Counting reads all keys.
        repeating("cache.sweep", redis.dbsize, every=sweep_every),
    ):
        yield redis
