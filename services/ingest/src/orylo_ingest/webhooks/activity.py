"""The activity of a tenant's gateways: counts by hour and outcome, and the silence of a gateway.

A gateway is silent if at least `SILENT_AFTER` webhooks would usually have arrived since its last one. Webhooks that
arrive independently of each other leave such a gap by chance once in 1,100 times (Poisson: e^-7).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from orylo_common.postgres.pool import Connection

SILENT_AFTER = 7.0
# The days whose mean is usual, and the least number of them.
USUAL_DAYS = 28
LEAST_DAYS = 2
# Further back, the usual webhooks of each day only repeat.
MAX_GAP = timedelta(days=30)
HOUR = timedelta(hours=1)

# The outcomes of webhooks that a gateway sent. Anyone can send a rejected one.
AUTHENTIC = ("accepted", "already_reported", "ignored", "quarantined", "duplicate", "conflict")

SELECT_TODAY = """
    SELECT gateway, outcome, sum(count)::bigint AS count FROM ingest.webhook_counts
    WHERE tenant_id = $1 AND hour > $2::timestamptz - interval '24 hours' GROUP BY gateway, outcome
"""
SELECT_LAST = """
    SELECT gateway, max(last_at) FILTER (WHERE outcome = ANY($2)) AS last_at, min(hour) AS first_hour,
           max(last_at) FILTER (WHERE outcome = 'rejected') AS rejected_at
    FROM ingest.webhook_counts WHERE tenant_id = $1 GROUP BY gateway
"""
SELECT_USUAL = f"""
    SELECT gateway, extract(hour FROM hour AT TIME ZONE 'UTC')::int AS of_day, sum(count)::bigint AS count
    FROM ingest.webhook_counts
    WHERE tenant_id = $1 AND outcome = ANY($2) AND hour >= $3::timestamptz - interval '{USUAL_DAYS} days' AND hour < $3
    GROUP BY gateway, of_day
"""  # noqa: S608
SELECT_HOURS = """
    SELECT hour, outcome, count FROM ingest.webhook_counts
    WHERE tenant_id = $1 AND gateway = $2 AND hour >= $3 AND hour < $4 ORDER BY hour, outcome
"""


@dataclass(frozen=True, slots=True)
class GatewayActivity:
    """A gateway's last 24 hours. `usual_gap_s` is the usual number of seconds between two webhooks at this hour."""

    gateway: str
    last_at: datetime | None
    rejected_at: datetime | None
    counts: Mapping[str, int]
    usual_gap_s: float | None
    silent_since: datetime | None


async def read_activity(connection: Connection, tenant_id: UUID, now: datetime) -> list[GatewayActivity]:
    today: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for row in await connection.fetch(SELECT_TODAY, tenant_id, now):
        today[row["gateway"]][row["outcome"]] = row["count"]
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    by_hour: defaultdict[str, list[int]] = defaultdict(lambda: [0] * 24)
    for row in await connection.fetch(SELECT_USUAL, tenant_id, AUTHENTIC, midnight):
        by_hour[row["gateway"]][row["of_day"]] = row["count"]
    activity = []
    for row in await connection.fetch(SELECT_LAST, tenant_id, AUTHENTIC):
        usual = usual_by_hour(by_hour[row["gateway"]], row["first_hour"], midnight)
        activity.append(
            GatewayActivity(
                gateway=row["gateway"],
                last_at=row["last_at"],
                rejected_at=row["rejected_at"],
                counts=today[row["gateway"]],
                usual_gap_s=usual_gap(usual, now),
                silent_since=row["last_at"] if is_silent(usual, row["last_at"], now) else None,
            )
        )
    return activity


async def read_hours(
    connection: Connection, tenant_id: UUID, gateway: str, since: datetime, until: datetime
) -> dict[datetime, dict[str, int]]:
    """Return the counts by outcome of each hour in which a webhook arrived."""
    hours: defaultdict[datetime, dict[str, int]] = defaultdict(dict)
    for row in await connection.fetch(SELECT_HOURS, tenant_id, gateway, since, until):
        hours[row["hour"]][row["outcome"]] = row["count"]
    return dict(hours)


def usual_by_hour(counts: Sequence[int], first_hour: datetime, midnight: datetime) -> Sequence[float] | None:
    """Return the usual number of webhooks in each hour of the day (UTC), or None if too few days are known.

    `counts` are those of the days before `midnight`; the gateway's first webhook arrived in `first_hour`.
    """
    days = min(USUAL_DAYS, (midnight - first_hour) / timedelta(days=1))
    return [count / days for count in counts] if days >= LEAST_DAYS else None


def usual_gap(usual: Sequence[float] | None, now: datetime) -> float | None:
    """Return the usual seconds between two webhooks at this hour. None if usually none arrives, or it is unknown."""
    rate = usual[now.astimezone(UTC).hour] if usual else 0.0
    return round(HOUR.total_seconds() / rate, 1) if rate else None


def is_silent(usual: Sequence[float] | None, last_at: datetime | None, now: datetime) -> bool:
    return usual is not None and last_at is not None and _expected(usual, last_at, now) >= SILENT_AFTER


def _expected(usual: Sequence[float], last_at: datetime, now: datetime) -> float:
    """Return how many webhooks usually arrive between two times."""
    expected, at = 0.0, max(last_at, now - MAX_GAP).astimezone(UTC)
    while at < now:
        end = min(at.replace(minute=0, second=0, microsecond=0) + HOUR, now)
        expected += usual[at.hour] * ((end - at) / HOUR)
        at = end
    return expected
