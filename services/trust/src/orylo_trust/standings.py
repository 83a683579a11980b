"""Reads a customer's current score and status from the cache, else from PostgreSQL, which fills the cache."""

from uuid import UUID

import asyncpg

from orylo_common.messages import TrustStatus
from orylo_trust.domain.account import Standing
from orylo_trust.ports import StandingCache

# Of the customer, or of the person that the customer is with others: the score of the account that represents the
# person, and the newest status of all.
SELECT_STANDING = """
    SELECT first.score, newest.status, first.version
    FROM trust.accounts AS asked
    JOIN trust.accounts AS first
      ON first.tenant_id = asked.tenant_id AND first.customer_id = coalesce(asked.people ->> 0, asked.customer_id)
    CROSS JOIN LATERAL (
        SELECT a.status FROM trust.accounts AS a
        WHERE a.tenant_id = asked.tenant_id AND a.customer_id IN (
            SELECT jsonb_array_elements_text(coalesce(asked.people, jsonb_build_array(asked.customer_id)))
        )
        ORDER BY a.status_set_at DESC NULLS LAST LIMIT 1
    ) AS newest
    WHERE asked.tenant_id = $1 AND asked.customer_id = $2
"""


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
