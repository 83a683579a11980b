"""Turns at what the requests of all tenants share, such as database connections."""

from asyncio import Semaphore
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID


class TenantTurns:
    """Limits what is done at a time: `in_all`, and `of_one` tenant, so that no tenant ever has all turns.

    A tenant that has its share waits for its own turns only, and no other tenant waits behind it.
    """

    def __init__(self, *, of_one: int, in_all: int) -> None:
        self._of_one = of_one
        self._all = Semaphore(in_all)
        # Of the tenants that have or await a turn.
        self._tenants: dict[UUID, Semaphore] = {}
        self._count: Counter[UUID] = Counter()

    def must_wait(self, tenant_id: UUID) -> bool:
        return self._all.locked() or self._count[tenant_id] >= self._of_one

    @asynccontextmanager
    async def turn(self, tenant_id: UUID) -> AsyncIterator[None]:
        tenant = self._tenants.setdefault(tenant_id, Semaphore(self._of_one))
        self._count[tenant_id] += 1
        try:
            async with tenant, self._all:
                yield
        finally:
            self._count[tenant_id] -= 1
            if not self._count[tenant_id]:
                del self._tenants[tenant_id], self._count[tenant_id]
