from uuid import UUID, uuid4

import asyncpg
import pytest

from orylo_common.messages import TrustStatus
from orylo_trust.domain.account import Standing
from orylo_trust.standings import Standings

pytestmark = pytest.mark.integration

ADD = """
    INSERT INTO trust.accounts (tenant_id, customer_id, start, total, score, version)
    VALUES ($1, 'cus_1', 50, 52, 52, 1)
"""
CHANGE = "UPDATE trust.accounts SET score = 2, version = 2 WHERE tenant_id = $1"


class MemoryCache:
    """A cache that runs the statement `between` just before each put."""

    def __init__(self) -> None:
        self.known: dict[tuple[UUID, str], Standing] = {}
        self.between: str | None = None
        self.pool: asyncpg.Pool | None = None

    async def get(self, tenant_id: UUID, customer_id: str) -> Standing | None:
        return self.known.get((tenant_id, customer_id))

    async def put(self, tenant_id: UUID, customer_id: str, standing: Standing) -> None:
        if self.between and self.pool:
            await self.pool.execute(self.between, tenant_id)
            self.forget(tenant_id, customer_id)
        self.known[tenant_id, customer_id] = standing

    def forget(self, tenant_id: UUID, customer_id: str) -> None:
        self.known.pop((tenant_id, customer_id), None)


async def test_a_standing_is_read_once_and_then_comes_from_the_cache(pool: asyncpg.Pool) -> None:
    tenant_id, cache = uuid4(), MemoryCache()
    await pool.execute(ADD, tenant_id)
    standings = Standings(pool, cache)

    assert await standings.read(tenant_id, "cus_1") == Standing(52, TrustStatus.NEUTRAL, 1)
    await pool.execute(CHANGE, tenant_id)
    assert await standings.read(tenant_id, "cus_1") == Standing(52, TrustStatus.NEUTRAL, 1)
    cache.forget(tenant_id, "cus_1")
    assert await standings.read(tenant_id, "cus_1") == Standing(2, TrustStatus.NEUTRAL, 2)


async def test_a_change_during_a_read_leaves_no_old_standing_in_the_cache(pool: asyncpg.Pool) -> None:
    tenant_id, cache = uuid4(), MemoryCache()
    await pool.execute(ADD, tenant_id)
    cache.pool, cache.between = pool, CHANGE
    await Standings(pool, cache).read(tenant_id, "cus_1")

    assert cache.known == {}


async def test_a_customer_without_an_account_has_no_standing(pool: asyncpg.Pool) -> None:
    assert await Standings(pool, MemoryCache()).read(uuid4(), "cus_1") is None
