from datetime import datetime, timedelta

from orylo_api.tracking.models import TrackingDay, TrackingStats
from orylo_common.postgres.pool import Connection

SELECT_DAYS = "SELECT * FROM api.tracking_days WHERE day > $1 ORDER BY day"


async def read_stats(connection: Connection, now: datetime, days: int) -> TrackingStats:
    rows = await connection.fetch(SELECT_DAYS, now.date() - timedelta(days=days))
    shown = [TrackingDay.from_row(row) for row in rows]
    return TrackingStats(
        visits=sum(day.visits for day in shown),
        with_click_id=sum(day.with_click_id for day in shown),
        checkouts=sum(day.checkouts for day in shown),
        leads=sum(day.leads for day in shown),
        last_at=max((row["last_at"] for row in rows), default=None),
        days=shown,
    )
