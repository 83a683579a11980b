from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from orylo_api.projection.retention import RETENTIONS as API
from orylo_api.projection.retention import STREAM
from orylo_common.postgres import retention as module
from orylo_common.postgres.periodic import run_alone
from orylo_common.postgres.pool import Connection, open_pool
from orylo_common.postgres.retention import Retention, delete_expired
from orylo_detector.retention import RETENTIONS as DETECTOR
from orylo_dispatch.conversions.retention import RETENTIONS as DISPATCH
from orylo_ingest.webhooks.retention import RETENTIONS as INGEST

pytestmark = pytest.mark.integration

NOTES = Retention("public.notes", "written_at", timedelta(days=30))


@pytest.fixture
async def pool(postgres_dsn: str) -> AsyncIterator[asyncpg.Pool]:
    async with open_pool(postgres_dsn, role="postgres", max_size=2) as pool:
        await pool.execute("DROP TABLE IF EXISTS public.notes")
        await pool.execute("CREATE TABLE public.notes (written_at timestamptz, kind text)")
        yield pool


async def write(pool: asyncpg.Pool, count: int, *, age: timedelta, kind: str = "note") -> None:
    await pool.execute(
        "INSERT INTO public.notes SELECT now() - $2::interval, $3 FROM generate_series(1, $1)", count, age, kind
    )


async def rows(pool: asyncpg.Pool) -> int:
    count: int = await pool.fetchval("SELECT count(*) FROM public.notes")
    return count


async def test_only_rows_past_their_retention_are_deleted(pool: asyncpg.Pool) -> None:
    await write(pool, 3, age=timedelta(days=31))
    await write(pool, 2, age=timedelta(days=29))

    assert await delete_expired(pool, [NOTES]) is False  # type: ignore[arg-type]

    assert await rows(pool) == 2


async def test_the_clock_may_be_given(pool: asyncpg.Pool) -> None:
    await write(pool, 1, age=timedelta(0))

    await delete_expired(pool, [NOTES], now=datetime.now(UTC) + timedelta(days=31))  # type: ignore[arg-type]

    assert await rows(pool) == 0


async def test_a_condition_keeps_the_other_rows(pool: asyncpg.Pool) -> None:
    await write(pool, 1, age=timedelta(days=31), kind="open")
    await write(pool, 1, age=timedelta(days=31), kind="closed")

    await delete_expired(pool, [Retention("public.notes", "written_at", timedelta(days=30), only="kind <> 'open'")])  # type: ignore[arg-type]

    assert await pool.fetchval("SELECT string_agg(kind, ',') FROM public.notes") == "open"


async def test_many_rows_are_deleted_in_transactions_of_one_chunk_each(
    pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHUNK", 10)
    await write(pool, 25, age=timedelta(days=31))
    left: list[int] = []

    async def job(connection: Connection) -> bool:
        more = await delete_expired(connection, [NOTES])
        left.append(await connection.fetchval("SELECT count(*) FROM public.notes"))
        return more

    await run_alone(pool, "test", job)

    assert left == [15, 5, 0]


async def test_a_connection_that_plans_for_any_values_finds_few_old_rows_by_an_index(postgres_dsn: str) -> None:
    async with open_pool(postgres_dsn, role="postgres", max_size=1, plan_once=True) as pool:
        await pool.execute("DROP TABLE IF EXISTS public.notes")
        await pool.execute("CREATE TABLE public.notes (written_at timestamptz, kind text)")
        await write(pool, 10_000, age=timedelta(days=1))
        await pool.execute("CREATE INDEX ON public.notes (written_at)")
        await pool.execute("ANALYZE public.notes")
        plan = "\n".join(row[0] for row in await pool.fetch(f"EXPLAIN {NOTES.statement('now()')}"))
    assert "Index Cond: (written_at <" in plan, plan


@pytest.mark.parametrize(
    ("role", "retentions"),
    [
        ("orylo_ingest", INGEST),
        ("orylo_detector", DETECTOR),
        ("orylo_dispatch", DISPATCH),
        ("orylo_api_projector", (*API, STREAM)),
    ],
)
async def test_each_service_may_delete_what_it_lists(
    postgres_dsn: str, role: str, retentions: tuple[Retention, ...]
) -> None:
    async with open_pool(postgres_dsn, role=role, max_size=1) as pool, pool.acquire() as connection:
        assert await delete_expired(connection, retentions) is False
