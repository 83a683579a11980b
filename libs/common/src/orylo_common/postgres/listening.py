"""Follow a NOTIFY channel, with a poll for notifications that were lost."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, suppress
from datetime import timedelta
from functools import partial

import asyncpg

from orylo_common.postgres.errors import PostgresUnavailable
from orylo_common.postgres.pool import Connection
from orylo_common.repeating import repeating

ListeningJob = Callable[[Connection], Awaitable[None]]


def listening(
    name: str, pool: asyncpg.Pool, channel: str, job: ListeningJob, *, at_least_every: timedelta
) -> AbstractAsyncContextManager[None]:
    """Run `job` now, after each notification on `channel`, and `at_least_every` so often, until the block is left.

    Holds one connection of `pool`, which `job` receives, and reconnects when it is lost.
    """
    return repeating(name, partial(_listen, pool, channel, job, at_least_every.total_seconds()))


async def _listen(pool: asyncpg.Pool, channel: str, job: ListeningJob, at_least_every_s: float) -> None:
    async with pool.acquire() as connection:
        notified = asyncio.Event()
        connection.add_termination_listener(lambda *_: notified.set())
        await connection.add_listener(channel, lambda *_: notified.set())
        try:
            while not connection.is_closed():
                # Cleared before the job runs: a notification during the job causes another run.
                notified.clear()
                await job(connection)
                with suppress(TimeoutError):
                    async with asyncio.timeout(at_least_every_s):
                        await notified.wait()
        finally:
            if not connection.is_closed():
                await connection.reset()
    raise PostgresUnavailable(f"the connection that listens on {channel} was lost")
