"""The check that PostgreSQL can write: on a full disk it still answers reads."""

import asyncpg

WORK_MEM = "SET LOCAL work_mem = '64kB'"
# Its result does not fit into that memory, so it goes through a temporary file of 256 kB beside the data, which needs
# no table, no right and no WAL.
WRITE = """
    WITH written AS MATERIALIZED (SELECT repeat('x', 1000) AS line FROM generate_series(1, 256))
    SELECT count(line) FROM written
"""


async def check_writable(pool: asyncpg.Pool) -> None:
    """Write a little and throw it away, in about 2 ms. Raises what PostgreSQL reports, such as `DiskFullError`."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(WORK_MEM)
        await connection.fetchval(WRITE)
