"""Monthly partitions: created ahead, dropped when their retention period is over.

SQL functions of the schema `partitions` do the work with their owner's rights, so a service's role needs no tables
of its own.
"""

from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from functools import partial

from orylo_common.postgres.migrations import MigrationSet
from orylo_common.postgres.periodic import run_alone
from orylo_common.postgres.pool import Connection, open_pool
from orylo_common.repeating import repeating

MIGRATIONS = MigrationSet(schema="partitions", package="orylo_common.postgres.partitions")

# For every registered table: creates this month's partition and the next two, drops the expired ones.
MAINTAIN = "SELECT partitions.maintain()"
MAINTAIN_EVERY = timedelta(hours=1)


def maintain_partitions(dsn: str, *, role: str) -> AbstractAsyncContextManager[None]:
    """Create and drop partitions once an hour while inside. Any role may do it, for the tables of all services."""
    return repeating("partitions", partial(_maintain, dsn, role), every=MAINTAIN_EVERY)


async def _maintain(dsn: str, role: str) -> None:
    async with open_pool(dsn, role=role, max_size=1) as pool:
        await run_alone(pool, "partitions", _run_maintain)


async def _run_maintain(connection: Connection) -> None:
    await connection.execute(MAINTAIN)
