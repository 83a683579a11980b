"""Reads a customer's current score and status from the cache, else from PostgreSQL, which fills the cache."""

from uuid import UUID

import asyncpg

from orylo_common.messages import TrustStatus
from orylo_trust.domain.account import Standing
from orylo_trust.ports import StandingCache

SELECT_STANDING = "SELECT score, status, version FROM trust.accounts WHERE tenant_id = $1 AND customer_id = $2"


class Standings:
    def __init__(self, pool: asyncpg.Pool, cache: StandingCache) -> None:
        self._pool = pool
        self._cache = cache

    async def read(self, tenant_id: UUID, customer_id: str) -> Standing | None:
        """Return None for a customer without an account."""
        cached = await self._cache.get(tenant_id, customer_id)
        if cached is not None:
            return cached
        standing = await self._select(tenant_id, customer_id)
        if standing is None:
            return None
        await self._cache.put(tenant_id, customer_id, standing)
        # A change that was committed after this read may have cleared the cache before `put` filled it.
        if await self._select(tenant_id, customer_id) != standing:
            self._cache.forget(tenant_id, customer_id)
        return standing

    async def _select(self, tenant_id: UUID, customer_id: str) -> Standing | None:
        row = await self._pool.fetchrow(SELECT_STANDING, tenant_id, customer_id)
        return None if row is None else Standing(row["score"], TrustStatus(row["status"]), row["version"])
