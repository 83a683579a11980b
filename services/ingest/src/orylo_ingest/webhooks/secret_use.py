"""Record when each secret last authenticated a webhook, so that an operator who rolls a secret sees when to remove it.

Kept in memory. The first use is written within a second, and later ones at most once a minute.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

import asyncpg

from orylo_common.repeating import repeating

WRITE_EVERY = timedelta(minutes=1)
# How soon the first use becomes visible: someone who replaces a secret waits for it.
CHECK_EVERY = timedelta(seconds=1)

# Rows are locked in id order, so that two replicas wait for each other instead of deadlocking.
UPDATE_LAST_USED = """
    WITH used AS (
        SELECT s.id, u.at
        FROM control.gateway_secrets s JOIN unnest($1::uuid[], $2::timestamptz[]) AS u (id, at) ON u.id = s.id
        WHERE s.last_used_at IS NULL OR s.last_used_at < u.at
        ORDER BY s.id FOR NO KEY UPDATE OF s
    )
    UPDATE control.gateway_secrets s SET last_used_at = used.at FROM used WHERE s.id = used.id
"""


class SecretUse:
    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._last: dict[UUID, datetime] = {}
        self._written = set[UUID]()
        self._write_at = 0.0

    @classmethod
    @asynccontextmanager
    async def open(cls, pool: asyncpg.Pool) -> AsyncIterator[Self]:
        use = cls(pool)
        async with repeating("ingest.secret_use", use._write_if_due, every=CHECK_EVERY, on_exit=use.write):
            yield use

    def note(self, secret_id: UUID, at: datetime) -> None:
        self._last[secret_id] = at

    async def write(self) -> None:
        """Write all uses. Those that cannot be written now are kept for the next time."""
        used, self._last = self._last, {}
        if not used:
            return
        try:
            await self._pool.execute(UPDATE_LAST_USED, list(used), list(used.values()))
        except BaseException:
            self._last = used | self._last
            raise
        self._written |= used.keys()

    async def _write_if_due(self) -> None:
        now = asyncio.get_running_loop().time()
        if self._last and (now >= self._write_at or not self._written.issuperset(self._last)):
            await self.write()
            self._write_at = now + WRITE_EVERY.total_seconds()
