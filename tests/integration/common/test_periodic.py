from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest

from orylo_common.postgres.periodic import TRY_LOCK, run_alone, run_periodically
from orylo_common.postgres.pool import Connection, open_pool
from tests.support.eventually import eventually

pytestmark = pytest.mark.integration


@pytest.fixture
async def pool(postgres_dsn: str) -> AsyncIterator[asyncpg.Pool]:
    async with open_pool(postgres_dsn, role="postgres", max_size=2) as pool:
        yield pool


async def test_a_job_that_fails_in_any_way_runs_again(pool: asyncpg.Pool) -> None:
    failures = [ValueError("a bug"), TimeoutError()]
    done: list[bool] = []

    async def job(connection: Connection) -> None:
        if failures:
            raise failures.pop()
        done.append(True)

    async with run_periodically(pool, "test", timedelta(milliseconds=10), job):
        await eventually(lambda: len(done) > 1)


async def test_a_job_with_more_to_do_runs_again_at_once_in_a_new_transaction(pool: asyncpg.Pool) -> None:
    transactions: list[int] = []

    async def job(connection: Connection) -> bool:
        transactions.append(await connection.fetchval("SELECT txid_current()"))
        return len(transactions) < 3

    await run_alone(pool, "test", job)

    assert len(set(transactions)) == 3


async def test_a_job_does_not_run_while_another_replica_holds_its_lock(pool: asyncpg.Pool) -> None:
    ran: list[bool] = []

    async def job(connection: Connection) -> None:
        ran.append(True)

    async with pool.acquire() as other, other.transaction():
        assert await other.fetchval(TRY_LOCK, "test")
        await run_alone(pool, "test", job)
    assert ran == []

    await run_alone(pool, "test", job)
    assert ran == [True]
