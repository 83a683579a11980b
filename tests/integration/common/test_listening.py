from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest

from orylo_common.postgres.listening import listening
from orylo_common.postgres.pool import Connection, open_pool
from tests.support.eventually import eventually

pytestmark = pytest.mark.integration

NEVER = timedelta(hours=1)


@pytest.fixture
async def pool(postgres_dsn: str) -> AsyncIterator[asyncpg.Pool]:
    async with open_pool(postgres_dsn, role="postgres", max_size=2) as pool:
        yield pool


class Runs:
    """Remembers the server process of each run; its first runs may fail."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.pids: list[int] = []

    async def __call__(self, connection: Connection) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.pids.append(connection.get_server_pid())

    def count(self) -> int:
        return len(self.pids)


async def test_the_job_runs_at_once_and_after_each_notification(pool: asyncpg.Pool) -> None:
    runs = Runs()
    async with listening("test", pool, "orylo_test", runs, at_least_every=NEVER):
        await eventually(lambda: runs.count() == 1)
        await pool.execute("NOTIFY orylo_test")
        await eventually(lambda: runs.count() == 2)
    assert len(set(runs.pids)) == 1


async def test_the_job_runs_without_a_notification(pool: asyncpg.Pool) -> None:
    runs = Runs()
    async with listening("test", pool, "orylo_test", runs, at_least_every=timedelta(milliseconds=10)):
        await eventually(lambda: runs.count() > 2)


async def test_a_lost_connection_is_replaced(pool: asyncpg.Pool) -> None:
    runs = Runs()
    async with listening("test", pool, "orylo_test", runs, at_least_every=NEVER):
        await eventually(lambda: runs.count() == 1)
        await pool.execute("SELECT pg_terminate_backend($1)", runs.pids[0])
        await eventually(lambda: runs.count() == 2)
        await pool.execute("NOTIFY orylo_test")
        await eventually(lambda: runs.count() == 3)


async def test_an_unexpected_error_does_not_end_it(pool: asyncpg.Pool) -> None:
    runs = Runs(KeyError("a bug"))
    async with listening("test", pool, "orylo_test", runs, at_least_every=NEVER):
        await eventually(lambda: runs.count() == 1)
        await pool.execute("NOTIFY orylo_test")
        await eventually(lambda: runs.count() == 2)


async def test_the_connection_goes_back_to_the_pool_without_its_listener(postgres_dsn: str) -> None:
    async with open_pool(postgres_dsn, role="postgres", max_size=1) as pool:
        runs = Runs()
        async with listening("test", pool, "orylo_test", runs, at_least_every=NEVER):
            await eventually(lambda: runs.count() == 1)
        assert await pool.fetch("SELECT pg_listening_channels()") == []
