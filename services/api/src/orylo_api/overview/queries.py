"""Totals and series from rollups: a few hundred rows, however many messages there were.

Rollups do not count failed conversions, as a failed one may still be delivered: those that are failed now are counted.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import asyncpg

from orylo_api.overview.models import Amounts, Counts, Overview, OverviewQuery, Point, Series, SeriesRange, Totals
from orylo_api.read_models.effects import AMOUNTS, COUNTERS
from orylo_common.postgres.pool import Connection

SELECT_COUNTS = f"""
    SELECT bucket, {", ".join(COUNTERS)} FROM api.rollups WHERE grain = $1 AND bucket >= $2 AND bucket <= $3
"""  # noqa: S608
SELECT_AMOUNTS = f"""
    SELECT bucket, currency, {", ".join(AMOUNTS)} FROM api.rollup_amounts
    WHERE grain = $1 AND bucket >= $2 AND bucket <= $3
"""  # noqa: S608
COUNT_FAILED = """
    SELECT date_trunc($1, created_at, 'UTC') AS bucket, count(*) AS failed FROM api.conversions_view
    WHERE status = 'failed' AND created_at >= $2 GROUP BY 1
"""
# The dashboard needs no exact number beyond this.
MAX_COUNTED = 10_000
COUNT_OPEN = "SELECT count(*) FROM (SELECT FROM api.dead_letters WHERE state = 'open' LIMIT $1) AS open"

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# The rollup's grain, the step and the number of points.
STEPS: dict[SeriesRange, tuple[str, timedelta, int]] = {
    SeriesRange.HOUR: ("minute", timedelta(minutes=1), 60),
    SeriesRange.DAY: ("hour", HOUR, 24),
    SeriesRange.WEEK: ("hour", HOUR, 168),
    SeriesRange.MONTH: ("day", DAY, 30),
}


async def read_overview(connection: Connection, query: OverviewQuery, now: datetime) -> Overview:
    this_hour = now.replace(minute=0, second=0, microsecond=0)
    week = this_hour - 167 * HOUR
    # In time zones offset by half an hour, today includes the whole hour in which it begins.
    midnight = now.astimezone(ZoneInfo(query.timezone)).replace(hour=0, minute=0, second=0, microsecond=0)
    today = midnight.astimezone(UTC).replace(minute=0)
    counts = await _read_counts(connection, "hour", week, now)
    amounts = await connection.fetch(SELECT_AMOUNTS, "hour", week, now)

    def since(start: datetime) -> Totals:
        return Totals(
            counts=_add_counts(row for bucket, row in counts.items() if bucket >= start),
            amounts=_add_amounts(row for row in amounts if row["bucket"] >= start),
        )

    return Overview(
        timezone=query.timezone,
        generated_at=now,
        today=since(today),
        last_24h=since(this_hour - 23 * HOUR),
        last_7d=since(week),
        series=await _series(connection, query.range, now),
        open_dead_letters=await connection.fetchval(COUNT_OPEN, MAX_COUNTED),
    )


async def _series(connection: Connection, covered: SeriesRange, now: datetime) -> Series:
    grain, step, points = STEPS[covered]
    newest = datetime.fromtimestamp(now.timestamp() // step.total_seconds() * step.total_seconds(), UTC)
    start = newest - (points - 1) * step
    rows = await _read_counts(connection, grain, start, now)
    moments = [start + number * step for number in range(points)]
    return Series(
        range=covered,
        step_s=int(step.total_seconds()),
        points=[Point(at=at, counts=_add_counts([rows[at]] if at in rows else [])) for at in moments],
    )


async def _read_counts(
    connection: Connection, grain: str, start: datetime, end: datetime
) -> dict[datetime, dict[str, int]]:
    rows = await connection.fetch(SELECT_COUNTS, grain, start, end)
    counts = {row["bucket"]: {name: row[name] for name in COUNTERS} for row in rows}
    for row in await connection.fetch(COUNT_FAILED, grain, start):
        counts.setdefault(row["bucket"], {})["conversions_failed"] = row["failed"]
    return counts


def _add_counts(rows: Iterable[Mapping[str, int]]) -> Counts:
    totals: Counter[str] = Counter()
    for row in rows:
        totals.update(row)
    return Counts(**totals)


def _add_amounts(rows: Iterable[asyncpg.Record]) -> list[Amounts]:
    totals: dict[str, dict[str, int]] = {}
    for row in rows:
        sums = totals.setdefault(row["currency"], dict.fromkeys(AMOUNTS, 0))
        for name in AMOUNTS:
            sums[name] += int(row[name])
    return [Amounts(currency=currency, **sums) for currency, sums in sorted(totals.items())]
