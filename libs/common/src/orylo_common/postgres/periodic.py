"""Periodic jobs. Every replica schedules them; an advisory lock lets one replica at a time run them."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from functools import partial

import asyncpg

from orylo_common.postgres.pool import Connection
from orylo_common.repeating import repeating

# Held until the transaction ends, so a process that dies releases it at once.
TRY_LOCK = "SELECT pg_try_advisory_xact_lock(hashtext($1), hashtext('orylo.periodic'))"

# Returns true if there is more to do: the job then runs again at once.
PeriodicJob = Callable[[Connection], Awaitable[bool | None]]


def run_periodically(
    pool: asyncpg.Pool, name: str, interval: timedelta, job: PeriodicJob
) -> AbstractAsyncContextManager[None]:
    """Run `job` now and every `interval`, in a transaction that holds the lock `name`, until the block is left."""
    return repeating(name, partial(run_alone, pool, name, job), every=interval)


async def run_alone(pool: asyncpg.Pool, name: str, job: PeriodicJob) -> None:
    """Run `job` until it has nothing left to do, each time in a transaction of its own.

    Does nothing while another replica holds the lock `name`.
    """
    more: bool | None = True
    while more:
        async with pool.acquire() as connection, connection.transaction():
            more = await job(connection) if await connection.fetchval(TRY_LOCK, name) else False
