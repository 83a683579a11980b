"""A service is ready only while PostgreSQL can write. A limit on temporary files stands in for a full disk."""

import aiohttp
import asyncpg
import pytest

from orylo_common.postgres.writable import check_writable
from tests.integration.api.conftest import running_api

pytestmark = pytest.mark.integration

FULL = {"temp_file_limit": "64kB"}


async def test_the_probe_writes(postgres_dsn: str) -> None:
    async with (
        asyncpg.create_pool(postgres_dsn, min_size=1, max_size=1) as pool,
        asyncpg.create_pool(postgres_dsn, min_size=1, max_size=1, server_settings=FULL) as full,
    ):
        await check_writable(pool)
        assert await pool.fetchval("SHOW work_mem") != "64kB"
        with pytest.raises(asyncpg.ConfigurationLimitExceededError):
            await check_writable(full)


async def test_every_role_may_run_it(postgres_dsn: str) -> None:
    for role in ("ingest", "detector", "trust", "dispatch", "api"):
        settings = {"role": f"orylo_{role}"}
        async with asyncpg.create_pool(postgres_dsn, min_size=1, max_size=1, server_settings=settings) as pool:
            await check_writable(pool)


async def readiness(dsn: str) -> tuple[int, str]:
    async with running_api(dsn) as (url, _, _), aiohttp.ClientSession(url) as http, http.get("/readyz") as response:
        return response.status, (await response.json())["checks"]["postgres"]


async def test_a_service_that_cannot_write_is_not_ready(postgres_dsn: str) -> None:
    assert await readiness(postgres_dsn) == (200, "ok")
    database = postgres_dsn.rpartition("/")[2].partition("?")[0]
    async with asyncpg.create_pool(postgres_dsn, min_size=1, max_size=1) as pool:
        await pool.execute(f"ALTER DATABASE {database} SET temp_file_limit = '64kB'")
        try:
            assert await readiness(postgres_dsn) == (503, "missing (ConfigurationLimitExceededError)")
        finally:
            await pool.execute(f"ALTER DATABASE {database} RESET temp_file_limit")
