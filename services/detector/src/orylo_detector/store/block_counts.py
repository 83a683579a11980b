"""Counts of paid and of blocked payments, by minute and by day."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from orylo_common.postgres.pool import Connection
from orylo_detector.domain.fuse import BlockCount

HISTORY = timedelta(days=28)

ADD_COUNTS = """
    INSERT INTO detector.block_counts AS c (tenant_id, grain, bucket, payments, blocked)
    SELECT tenant_id, grain, date_trunc(grain, minute, 'UTC'), sum(payments), sum(blocked)
    FROM unnest($1::uuid[], $2::timestamptz[], $3::bigint[], $4::bigint[]) AS n (tenant_id, minute, payments, blocked)
    CROSS JOIN (VALUES ('minute'), ('day')) AS g (grain)
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (tenant_id, grain, bucket) DO UPDATE
    SET payments = c.payments + EXCLUDED.payments, blocked = c.blocked + EXCLUDED.blocked
"""
SELECT_WINDOW = """
    SELECT coalesce(sum(payments), 0)::bigint, coalesce(sum(blocked), 0)::bigint FROM detector.block_counts
    WHERE tenant_id = $1 AND grain = 'minute' AND bucket >= $2
"""
# Today is left out: it contains the window.
SELECT_HISTORY = """
    SELECT coalesce(sum(payments), 0)::bigint, coalesce(sum(blocked), 0)::bigint FROM detector.block_counts
    WHERE tenant_id = $1 AND grain = 'day' AND bucket < date_trunc('day', $2::timestamptz, 'UTC')
      AND bucket >= date_trunc('day', $2::timestamptz, 'UTC') - $3::interval
"""


async def add_counts(connection: Connection, counts: Mapping[tuple[UUID, datetime], BlockCount]) -> None:
    """Add counts by tenant and minute."""
    rows = [(*key, *count) for key, count in counts.items()]
    await connection.execute(ADD_COUNTS, *zip(*rows, strict=True))


async def read_window(connection: Connection, tenant_id: UUID, since: datetime) -> BlockCount:
    [row] = await connection.fetch(SELECT_WINDOW, tenant_id, since)
    return BlockCount(*row)


async def read_history(connection: Connection, tenant_id: UUID, now: datetime) -> BlockCount:
    """Return the counts of the 28 days before today (UTC)."""
    [row] = await connection.fetch(SELECT_HISTORY, tenant_id, now, HISTORY)
    return BlockCount(*row)
