"""Rejected webhooks by cause."""

from datetime import datetime, timedelta
from uuid import UUID

from pydantic import Field

from orylo_api.http.fields import ResponseBody
from orylo_api.problems.hourly import HOURS, MAX_GROUPS, Hourly, hourly_series
from orylo_api.rejections.models import RejectionGroupQuery
from orylo_common.postgres.pool import Connection

# Without `from`.
DEFAULT_RANGE = timedelta(days=7)

# A tenant has at most 10,000 rows, each with the rejections of one minute.
SELECT_GROUPS = f"""
    WITH selected AS MATERIALIZED (
        SELECT * FROM api.rejections_view
        WHERE created_at >= $2 AND created_at < $3
          AND ($4::text IS NULL OR gateway = $4) AND ($5::text IS NULL OR code = $5)
    ),
    hours AS (
        SELECT gateway, code, jsonb_object_agg(hours_ago, n) AS hours FROM (
            SELECT gateway, code, floor(extract(epoch FROM $1 - last_at) / 3600)::int AS hours_ago, sum(count) AS n
            FROM selected WHERE last_at > $1 - interval '{HOURS} hours' AND last_at <= $1 GROUP BY 1, 2, 3
        ) AS counted GROUP BY 1, 2
    ),
    groups AS (
        SELECT gateway, code, sum(count)::bigint AS count, min(first_at) AS since, max(last_at) AS last_at,
               count(DISTINCT remote) AS senders, (array_agg(status ORDER BY last_at DESC, id))[1] AS status,
               (array_agg(reason ORDER BY last_at DESC, id))[1] AS reason,
               (array_agg(remote ORDER BY last_at DESC, id))[1] AS remote,
               (array_agg(id ORDER BY last_at DESC, id))[1] AS sample_id
        FROM selected GROUP BY 1, 2
    )
    SELECT g.*, coalesce(h.hours, '{{}}') AS hours, count(*) OVER () AS groups
    FROM groups AS g LEFT JOIN hours AS h USING (gateway, code)
    ORDER BY g.count DESC, g.last_at DESC LIMIT {MAX_GROUPS}
"""  # noqa: S608


class RejectionGroup(ResponseBody):
    """Rejected webhooks of one gateway with one cause. Their bodies were not stored."""

    gateway: str = Field(description="`unknown` if the URL names no known gateway", examples=["stripe"])
    code: str = Field(description="the cause, for programs", examples=["invalid_signature"])
    reason: str = Field(description="what was wrong with the last one and how to fix it")
    status: int = Field(description="HTTP status of the last response", examples=[401])
    count: int = Field(ge=1, examples=[22])
    senders: int = Field(ge=0, description="addresses that sent the last one of a minute", examples=[3])
    remote: str | None = Field(description="sender's address of the last one")
    since: datetime = Field(description="the first one within the range")
    last_at: datetime
    sample_id: UUID = Field(description="the last minute in `GET /api/v1/rejections`")
    hourly: Hourly


class RejectionGroups(ResponseBody):
    """The largest groups first."""

    items: list[RejectionGroup]
    groups: int = Field(ge=0, description="all groups; at most 100 of them are in `items`")


async def group_by_cause(connection: Connection, query: RejectionGroupQuery, now: datetime) -> RejectionGroups:
    until = query.to or now + timedelta(minutes=1)
    values = (now, query.from_ or until - DEFAULT_RANGE, until, query.gateway, query.code)
    rows = await connection.fetch(SELECT_GROUPS, *values)
    items = [RejectionGroup.from_row(row, hourly=hourly_series(row["hours"])) for row in rows]
    return RejectionGroups(items=items, groups=rows[0]["groups"] if rows else 0)
