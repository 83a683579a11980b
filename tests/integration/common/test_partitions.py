from datetime import UTC, datetime

import asyncpg
import pytest

from orylo_common.postgres.partitions import maintain_partitions
from tests.support.eventually import eventually

pytestmark = pytest.mark.integration


async def test_any_services_role_keeps_the_partitions_of_all(postgres_dsn: str) -> None:
    partition = f"ingest.events_{datetime.now(UTC):%Y_%m}"
    connection = await asyncpg.connect(postgres_dsn)
    try:
        await connection.execute(f"DROP TABLE {partition}")

        async def exists() -> bool:
            return await connection.fetchval("SELECT to_regclass($1) IS NOT NULL", partition) is True

        assert not await exists()
        async with maintain_partitions(postgres_dsn, role="orylo_trust"):
            await eventually(exists)
    finally:
        await connection.close()
