import asyncio
from datetime import timedelta

import pytest

from orylo_common.postgres.periodic import run_periodically
from orylo_common.postgres.pool import Connection, open_pool
from tests.support.eventually import eventually

pytestmark = pytest.mark.integration


async def test_a_job_that_fails_in_any_way_is_run_again_in_its_turn(postgres_dsn: str) -> None:
    failures = [ValueError("a bug"), TimeoutError(), KeyError("another")]
    done: list[bool] = []

    async def job(connection: Connection) -> None:
        if failures:
            raise failures.pop()
        done.append(True)

    async with open_pool(postgres_dsn, role="postgres", max_size=1) as pool:
        running = asyncio.create_task(run_periodically(pool, "test", timedelta(milliseconds=10), job))
        await eventually(lambda: len(done) > 1)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
