"""Statements of a pool are measured by the pool's role and their kind."""

import asyncio

import asyncpg
import pytest
from prometheus_client import REGISTRY

from orylo_common.broker.postgres.session import connect
from orylo_common.postgres.pool import open_pool

pytestmark = pytest.mark.integration


def measured(role: str, statement: str, part: str = "count") -> float:
    name = f"orylo_postgres_statement_seconds_{part}"
    return REGISTRY.get_sample_value(name, {"role": role, "statement": statement}) or 0.0


async def test_each_kind_counts_once_whichever_method_executes_it(postgres_dsn: str) -> None:
    kinds = ("select", "insert", "update", "delete", "commit", "other")
    async with open_pool(postgres_dsn, role="postgres", max_size=1) as pool:
        before = {kind: measured("postgres", kind) for kind in kinds}
        async with pool.acquire() as connection:
            await connection.execute("CREATE TEMP TABLE numbers (n int)")
            async with connection.transaction():
                await connection.executemany("INSERT INTO numbers VALUES ($1)", [(1,), (2,), (3,)])
                await connection.execute("UPDATE numbers SET n = n + $1", 1)
            assert await connection.fetchval("SELECT count(*) FROM numbers") == 3
            assert await connection.fetchrow("SELECT n FROM numbers ORDER BY n") is not None
            await connection.fetch("DELETE FROM numbers RETURNING n")
        await pool.fetch("SELECT 1")

    # `other`: CREATE and BEGIN.
    counted = {kind: measured("postgres", kind) - before[kind] for kind in kinds}
    assert counted == {"select": 3, "insert": 1, "update": 1, "delete": 1, "commit": 1, "other": 2}


async def test_the_time_is_the_statements_and_a_failure_counts_too(postgres_dsn: str) -> None:
    async with open_pool(postgres_dsn, role="postgres", max_size=1) as pool:
        before = [measured("postgres", "select", part) for part in ("count", "sum")]
        await pool.execute("SELECT pg_sleep(0.2)")
        with pytest.raises(asyncpg.DivisionByZeroError):
            await pool.fetchval("SELECT 1 / 0")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await pool.execute("SELECT pg_sleep(5)")

    count, seconds = (
        measured("postgres", "select", part) - was for part, was in zip(("count", "sum"), before, strict=True)
    )
    assert count == 3
    assert seconds >= 0.3


async def test_the_connections_of_the_bus_are_measured(postgres_dsn: str) -> None:
    before = measured("orylo_bus", "select")
    connection = await connect(postgres_dsn)
    try:
        await connection.fetchval("SELECT 1")
    finally:
        await connection.close()

    assert measured("orylo_bus", "select") == before + 1
