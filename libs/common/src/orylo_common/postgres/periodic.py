"""Periodic work: every replica runs it, an advisory lock makes it single."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import asyncpg
import structlog

from orylo_common.errors import TransientError
from orylo_common.postgres.errors import TRANSIENT_ERRORS, raise_if_cancelled
from orylo_common.postgres.pool import Connection

log = structlog.get_logger(__name__)

# Held to the transaction's end, so a process that dies lets go at once.
TRY_LOCK = "SELECT pg_try_advisory_xact_lock(hashtext($1), hashtext('orylo.periodic'))"


async def run_periodically(
    pool: asyncpg.Pool,
    name: str,
    interval: timedelta,
    job: Callable[[Connection], Awaitable[None]],
) -> None:
    """Run `job` now and every `interval`, in one transaction under the lock `name`, until cancelled.

    A failed run is logged and the next one comes in its turn.
    """
    while True:
        try:
            async with pool.acquire() as connection, connection.transaction():
                if await connection.fetchval(TRY_LOCK, name):
                    await job(connection)
        except (TransientError, *TRANSIENT_ERRORS) as error:
            raise_if_cancelled()
            log.warning("periodic.unavailable", job=name, error=type(error).__name__)
        except Exception:
            # Whatever it is: a job that ended would go unseen.
            log.exception("periodic.failed", job=name)
        await asyncio.sleep(interval.total_seconds())
