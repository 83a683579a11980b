"""Sum the rollups of a period again from the rows of payments and conversions, while batches are written."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from orylo_api.read_models.rollups import COUNTED_CONVERSIONS, COUNTED_PAYMENTS, ROLLUP_LOCK, ROLLUPS
from orylo_common.postgres.pool import Connection

# Batches wait while a period is summed: about 20 µs for each of its payments. Rollups have rows of whole days.
PERIOD = timedelta(days=1)
LOCK = f"SELECT pg_advisory_xact_lock({ROLLUP_LOCK})"


def _oldest(table: str, column: str, only: str = "true") -> str:
    """Return a subquery for the least value of a column. It reads one row for each tenant, by index."""
    return f"""(
        WITH RECURSIVE tenant (id) AS (
            (SELECT tenant_id FROM {table} ORDER BY tenant_id LIMIT 1)
            UNION ALL
            SELECT following.tenant_id FROM tenant CROSS JOIN LATERAL (
                SELECT tenant_id FROM {table} WHERE tenant_id > tenant.id ORDER BY tenant_id LIMIT 1
            ) AS following
        )
        SELECT min(oldest.at) FROM tenant CROSS JOIN LATERAL (
            SELECT {column} AS at FROM {table} WHERE tenant_id = tenant.id AND {only} ORDER BY {column} LIMIT 1
        ) AS oldest
    )"""  # noqa: S608


# No payment counts at a time before it was created.
OLDEST = f"""
    SELECT least(
        {_oldest("api.payments_view", "created_at")},
        {_oldest("api.conversions_view", "created_at")},
        {_oldest("api.payment_rollups", "bucket", "grain = 'day'")},
        {_oldest("api.conversion_rollups", "bucket", "grain = 'day'")}
    )
"""
OF_PERIOD = "{time} >= $1 AND {time} < $2 AND ($3::uuid IS NULL OR tenant_id = $3)"


def _insert(view: str) -> str:
    """Return an INSERT into all rollups of a view. It reads the period's rows of the view once."""
    inserts = [
        rollup.insert(f"(SELECT * FROM counted WHERE {rollup.only}) AS counted")  # noqa: S608
        for rollup in ROLLUPS
        if rollup.view == view
    ]
    others = "".join(f", others_{number} AS ({insert})" for number, insert in enumerate(inserts[1:]))
    return f"""
        WITH counted AS MATERIALIZED (SELECT * FROM {view} WHERE {OF_PERIOD.format(time="at")}){others}
        {inserts[0]}
    """  # noqa: S608


# Statements of a period, of one tenant or with $3 null of all.
REBUILD = (
    *(f"DELETE FROM {rollup.table} WHERE {OF_PERIOD.format(time='bucket')}" for rollup in ROLLUPS),  # noqa: S608
    _insert(COUNTED_PAYMENTS),
    _insert(COUNTED_CONVERSIONS),
)


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
        for statement in REBUILD:
            await connection.execute(statement, start, end, tenant_id)
