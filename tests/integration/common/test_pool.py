"""Pools plan statements as their users ask for."""

from uuid import uuid4

import pytest

from orylo_common.postgres.pool import open_pool

pytestmark = pytest.mark.integration

LOOKUP = "SELECT customer_id FROM detector.customers WHERE tenant_id = ANY($1::uuid[])"
CUSTOM_PLANS = "SELECT custom_plans FROM pg_prepared_statements WHERE statement = $1"


@pytest.mark.parametrize("plan_once", [False, True])
async def test_a_pool_plans_a_statement_once_or_for_its_values(postgres_dsn: str, *, plan_once: bool) -> None:
    async with (
        open_pool(postgres_dsn, role="orylo_detector", max_size=1, plan_once=plan_once) as pool,
        pool.acquire() as connection,
    ):
        for _ in range(3):
            await connection.fetch(LOOKUP, [uuid4()])
        assert await connection.fetchval(CUSTOM_PLANS, LOOKUP) == (0 if plan_once else 3)
