"""When each secret last proved a webhook: kept in memory, and written down now and then.

It tells whoever changes a secret when the old one can go; to the minute is enough for that.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

import asyncpg
import structlog

from orylo_common.postgres.errors import TRANSIENT_ERRORS

WRITE_EVERY = timedelta(minutes=1)
# How soon the first use of all shows.
LOOK_EVERY = timedelta(seconds=1)

# Locked in the order of their ids, so that two replicas wait for each other and never deadlock.
NOTE_USES = """
    WITH used AS (
        SELECT s.id, u.at
        FROM control.gateway_secrets s JOIN unnest($1::uuid[], $2::timestamptz[]) AS u (id, at) ON u.id = s.id
        WHERE s.last_used_at IS NULL OR s.last_used_at < u.at
        ORDER BY s.id FOR NO KEY UPDATE OF s
    )
    UPDATE control.gateway_secrets s SET last_used_at = used.at FROM used WHERE s.id = used.id
"""

log = structlog.get_logger(__name__)


class SecretUse:
    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._last: dict[UUID, datetime] = {}

    @classmethod
    @asynccontextmanager
    async def open(cls, pool: asyncpg.Pool) -> AsyncIterator[Self]:
        use = cls(pool)
        writing = asyncio.create_task(use._write_for_ever())
        try:
            yield use
        finally:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
            await use.write()

    def note(self, secret_id: UUID, at: datetime) -> None:
        self._last[secret_id] = at

    async def write(self) -> None:
        """What cannot be written now is written the next time."""
        used, self._last = self._last, {}
        try:
            if used:
                await self._pool.execute(NOTE_USES, list(used), list(used.values()))
        except TRANSIENT_ERRORS as error:
            log.warning("secret_use.not_noted", secrets=len(used), error=type(error).__name__)
            self._last = used | self._last

    async def _write_for_ever(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY.total_seconds())
            if self._last:
                await self.write()
                await asyncio.sleep(WRITE_EVERY.total_seconds())
