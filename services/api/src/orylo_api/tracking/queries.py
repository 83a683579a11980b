from collections.abc import Sequence
from datetime import datetime, timedelta

import asyncpg

from orylo_api.timeseries.metrics import ratio
from orylo_api.tracking.models import TrackingDay, TrackingStats, VisitConsent
from orylo_common.postgres.pool import Connection

SELECT_DAYS = "SELECT * FROM api.tracking_days WHERE day > $1 ORDER BY day"


async def read_stats(connection: Connection, now: datetime, days: int) -> TrackingStats:
    rows = await connection.fetch(SELECT_DAYS, now.date() - timedelta(days=days))
    return TrackingStats(
        **{name: _sum(rows, name) for name in ("visits", "with_click_id", "checkouts", "leads")},
        consent=_consent(rows),
        last_at=max((row["last_at"] for row in rows), default=None),
        days=[TrackingDay.from_row(row, consent=_consent([row])) for row in rows],
    )


def _consent(rows: Sequence[asyncpg.Record]) -> VisitConsent:
    visits, given, refused = (_sum(rows, name) for name in ("visits", "with_consent", "without_consent"))
    unknown = visits - given - refused
    return VisitConsent(
        given=given,
        refused=refused,
        unknown=unknown,
        given_share=ratio(given, visits),
        refused_share=ratio(refused, visits),
        unknown_share=ratio(unknown, visits),
    )


def _sum(rows: Sequence[asyncpg.Record], name: str) -> int:
    return sum(row[name] for row in rows)
