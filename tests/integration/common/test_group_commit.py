import asyncio
from collections.abc import AsyncIterator, Sequence

import asyncpg
import pytest

from orylo_common.postgres.errors import PostgresUnavailable
from orylo_common.postgres.group_commit import GroupCommit, Overloaded
from orylo_common.postgres.pool import Connection, open_pool

pytestmark = pytest.mark.integration


@pytest.fixture
async def pool(postgres_dsn: str) -> AsyncIterator[asyncpg.Pool]:
    async with open_pool(postgres_dsn, role="postgres", max_size=2) as pool:
        await pool.execute("CREATE TABLE IF NOT EXISTS public.numbers (number int PRIMARY KEY CHECK (number >= 0))")
        await pool.execute("TRUNCATE public.numbers")
        yield pool


class Numbers:
    """Writes numbers and returns for each whether it was new. Records the batch sizes."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    async def write(self, connection: Connection, numbers: Sequence[int]) -> list[bool]:
        self.batches.append(len(numbers))
        rows = await connection.fetch(
            "INSERT INTO public.numbers SELECT DISTINCT unnest($1::int[]) ON CONFLICT DO NOTHING RETURNING number",
            numbers,
        )
        inserted = {row["number"] for row in rows}
        return [number in inserted for number in numbers]


async def test_callers_share_commits_and_each_gets_its_own_result(pool: asyncpg.Pool) -> None:
    numbers = Numbers()
    await pool.execute("INSERT INTO public.numbers VALUES (3)")

    async with GroupCommit(numbers.write, pool, name="test", max_items=50) as batcher:
        results = await asyncio.gather(*(batcher.add(number) for number in range(120)))

    assert results == [number != 3 for number in range(120)]
    assert numbers.batches == [50, 50, 20]


async def test_an_invalid_item_fails_alone(pool: asyncpg.Pool) -> None:
    async with GroupCommit(Numbers().write, pool, name="test") as batcher:
        results = await asyncio.gather(*(batcher.add(number) for number in (1, -1, 2, 3)), return_exceptions=True)

    assert [results[0], *results[2:]] == [True, True, True]
    assert isinstance(results[1], asyncpg.CheckViolationError)
    assert await pool.fetchval("SELECT count(*) FROM public.numbers") == 3


async def test_waiting_items_are_written_on_close(pool: asyncpg.Pool) -> None:
    async with GroupCommit(Numbers().write, pool, name="test", max_items=1) as batcher:
        futures = [batcher.add(number) for number in range(5)]

    assert [await future for future in futures] == [True] * 5
    with pytest.raises(Overloaded):
        batcher.add(6)


async def test_a_full_buffer_raises_at_once(pool: asyncpg.Pool) -> None:
    async with GroupCommit(Numbers().write, pool, name="test", max_pending=2) as batcher:
        accepted = [batcher.add(1), batcher.add(2)]
        with pytest.raises(Overloaded):
            batcher.add(3)
        await asyncio.gather(*accepted)


async def test_a_lost_connection_raises_unavailable_and_the_next_item_works(pool: asyncpg.Pool) -> None:
    async def cut_then_write(connection: Connection, numbers: Sequence[int]) -> list[bool]:
        await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return [True] * len(numbers)

    async with GroupCommit(cut_then_write, pool, name="test") as batcher:
        with pytest.raises(PostgresUnavailable):
            await batcher.add(1)
    async with GroupCommit(Numbers().write, pool, name="test") as batcher:
        assert await batcher.add(1) is True


async def test_a_cancelled_caller_does_not_affect_the_others(pool: asyncpg.Pool) -> None:
    async with GroupCommit(Numbers().write, pool, name="test") as batcher:
        gone, stays = batcher.add(1), batcher.add(2)
        gone.cancel()
        assert await stays is True
