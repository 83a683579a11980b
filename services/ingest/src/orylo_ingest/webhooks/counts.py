"""Count webhooks by hour and outcome, and the deliveries of an event after its first.

Counted in memory and written once a second: a webhook costs an addition. A process that is killed loses the counts of
its last second, and no webhook.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

import asyncpg

from orylo_common.repeating import repeating

WRITE_EVERY = timedelta(seconds=1)
# Events whose repeats are kept until the next write. Further ones are counted by hour only.
MAX_REPEATED = 20_000

# In key order, so that two processes wait for each other instead of deadlocking.
ADD_COUNTS = """
    INSERT INTO ingest.webhook_counts AS stored (tenant_id, gateway, outcome, hour, count, last_at)
    SELECT tenant_id, gateway, outcome, date_trunc('hour', last_at, 'UTC'), count, last_at
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::timestamptz[])
        AS given (tenant_id, gateway, outcome, count, last_at)
    ORDER BY tenant_id, gateway, outcome
    ON CONFLICT (tenant_id, gateway, hour, outcome) DO UPDATE
    SET count = stored.count + EXCLUDED.count, last_at = greatest(stored.last_at, EXCLUDED.last_at)
"""
ADD_REPEATS = """
    INSERT INTO ingest.repeats AS stored (tenant_id, event_id, count, first_at, last_at)
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::timestamptz[], $5::timestamptz[])
        AS given (tenant_id, event_id, count, first_at, last_at)
    ORDER BY tenant_id, event_id
    ON CONFLICT (tenant_id, event_id) DO UPDATE
    SET count = stored.count + EXCLUDED.count, last_at = greatest(stored.last_at, EXCLUDED.last_at),
        first_at = least(stored.first_at, EXCLUDED.first_at)
"""

# Tenant, gateway and outcome; and tenant and event.
CountKey = tuple[UUID, str, str]
RepeatKey = tuple[UUID, UUID]


@dataclass(slots=True)
class OutcomeTally:
    """The webhooks of one kind since the last write."""

    count: int
    last_at: datetime


class WebhookCounts:
    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._counts: dict[CountKey, OutcomeTally] = {}
        self._repeats: dict[RepeatKey, tuple[int, datetime, datetime]] = {}

    @classmethod
    @asynccontextmanager
    async def open(cls, pool: asyncpg.Pool) -> AsyncIterator[Self]:
        counts = cls(pool)
        async with repeating("ingest.webhook_counts", counts.write, every=WRITE_EVERY, on_exit=counts.write):
            yield counts

    def count(self, tenant_id: UUID, gateway: str, outcome: str, at: datetime) -> None:
        """Count a webhook in the hour of the latest one since the last write."""
        key = tenant_id, gateway, outcome
        known = self._counts.get(key)
        if known is None:
            self._counts[key] = OutcomeTally(1, at)
        else:
            known.count += 1
            known.last_at = at

    def count_repeat(self, tenant_id: UUID, event_id: UUID, at: datetime) -> None:
        """Count a delivery of an event that is already stored."""
        key = tenant_id, event_id
        known = self._repeats.get(key)
        if known is not None:
            self._repeats[key] = known[0] + 1, known[1], at
        elif len(self._repeats) < MAX_REPEATED:
            self._repeats[key] = 1, at, at

    async def write(self) -> None:
        """Write all counts. Those that cannot be written now are kept for the next time."""
        counts, self._counts = self._counts, {}
        repeats, self._repeats = self._repeats, {}
        try:
            if counts:
                rows = [(*key, tally.count, tally.last_at) for key, tally in counts.items()]
                await self._pool.execute(ADD_COUNTS, *zip(*rows, strict=True))
                counts = {}
            if repeats:
                repeated = [(*key, *counted) for key, counted in repeats.items()]
                await self._pool.execute(ADD_REPEATS, *zip(*repeated, strict=True))
        except BaseException:
            self._keep(counts, repeats)
            raise

    def _keep(
        self, counts: dict[CountKey, OutcomeTally], repeats: dict[RepeatKey, tuple[int, datetime, datetime]]
    ) -> None:
        for key, tally in counts.items():
            newer = self._counts.setdefault(key, OutcomeTally(0, tally.last_at))
            newer.count += tally.count
        for repeat, (count, first_at, last_at) in repeats.items():
            later = self._repeats.get(repeat, (0, last_at, last_at))
            self._repeats[repeat] = count + later[0], first_at, later[2]
