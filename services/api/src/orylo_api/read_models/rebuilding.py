"""Sum the rollups of a period again from the rows of payments and conversions, while batches are written."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from orylo_api.read_models.rollups import ROLLUP_LOCK, ROLLUPS, Rollup
from orylo_common.postgres.pool import Connection

# Batches wait while a period is summed: about 20 µs for each of its payments. Rollups have rows of whole days.
PERIOD = timedelta(days=1)
LOCK = f"SELECT pg_advisory_xact_lock({ROLLUP_LOCK})"
OLDEST = """
    SELECT least(
        (SELECT min(api.payment_time(details_key, created_at)) FROM api.payments_view),
        (SELECT min(created_at) FROM api.conversions_view),
        (SELECT min(bucket) FROM api.payment_rollups),
        (SELECT min(bucket) FROM api.conversion_rollups)
    )
"""


def _statements(rollup: Rollup) -> tuple[str, str]:
    """Return a DELETE and an INSERT of a period's rows, of one tenant or with $3 null of all."""
    delete = f"DELETE FROM {rollup.table} WHERE bucket >= $1 AND bucket < $2 AND ($3::uuid IS NULL OR tenant_id = $3)"  # noqa: S608
    insert = f"""
        WITH counted AS (
            SELECT tenant_id, at, {", ".join((*rollup.dimensions, *rollup.measures))} FROM {rollup.view}
            WHERE {rollup.only} AND at >= $1 AND at < $2 AND ($3::uuid IS NULL OR tenant_id = $3)
        ) {rollup.insert}
    """  # noqa: S608
    return delete, insert


REBUILD = tuple(map(_statements, ROLLUPS))


async def oldest_period(connection: Connection) -> datetime | None:
    """Return the start of the first period that has anything to sum, or None."""
    oldest: datetime | None = await connection.fetchval(OLDEST)
    return oldest and oldest.replace(hour=0, minute=0, second=0, microsecond=0)


def periods(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield the periods from `start`, the newest first: those are looked at most."""
    count = -((start - end) // PERIOD)
    for number in reversed(range(count)):
        yield start + number * PERIOD, start + (number + 1) * PERIOD


async def rebuild_period(connection: Connection, start: datetime, end: datetime, tenant_id: UUID | None) -> None:
    """Replace the rollups of a period, in one transaction: until it commits, readers see the old ones."""
    async with connection.transaction():
        await connection.execute(LOCK)
        for delete, insert in REBUILD:
            await connection.execute(delete, start, end, tenant_id)
            await connection.execute(insert, start, end, tenant_id)
