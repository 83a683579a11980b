"""Open dead letters by cause."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from orylo_api.dead_letters.selection import OPEN, DeadLetterFilter, DeadLetterSelection
from orylo_api.http.fields import ResponseBody
from orylo_api.jobs.bulk_models import MAX_ITEMS, MoneyTotal
from orylo_api.problems.hourly import HOURS, MAX_GROUPS, Hourly, hourly_series
from orylo_common.postgres.pool import Connection

SELECT_GROUPS = f"""
    WITH selected AS MATERIALIZED ({OPEN} ORDER BY d.created_at DESC, d.id DESC LIMIT {MAX_ITEMS}),
    payments AS (
        SELECT source, kind, cause, currency, sum(amount_minor)::bigint AS amount_minor FROM (
            SELECT DISTINCT ON (source, kind, cause, concerns) source, kind, cause, currency, amount_minor
            FROM selected WHERE currency IS NOT NULL
        ) AS once GROUP BY 1, 2, 3, 4
    ),
    money AS (
        SELECT source, kind, cause,
               jsonb_agg(jsonb_build_object('currency', currency, 'amount_minor', amount_minor)
                         ORDER BY amount_minor DESC, currency) AS money
        FROM payments GROUP BY 1, 2, 3
    ),
    hours AS (
        SELECT source, kind, cause, jsonb_object_agg(hours_ago, n) AS hours FROM (
            SELECT source, kind, cause, floor(extract(epoch FROM $1 - created_at) / 3600)::int AS hours_ago,
                   count(*) AS n
            FROM selected WHERE created_at > $1 - interval '{HOURS} hours' GROUP BY 1, 2, 3, 4
        ) AS counted GROUP BY 1, 2, 3
    ),
    groups AS (
        SELECT source, kind, cause, count(*) AS count, min(created_at) AS since, max(created_at) AS last_at,
               (array_agg(reason ORDER BY created_at DESC, id DESC))[1] AS reason,
               (array_agg(code ORDER BY created_at DESC, id DESC))[1] AS code,
               (array_agg(type ORDER BY created_at DESC, id DESC))[1] AS type,
               (array_agg(id ORDER BY created_at DESC, id DESC))[1] AS sample_id
        FROM selected GROUP BY 1, 2, 3
    )
    SELECT g.*, coalesce(m.money, '[]') AS money, coalesce(h.hours, '{{}}') AS hours, count(*) OVER () AS groups
    FROM groups AS g LEFT JOIN money AS m USING (source, kind, cause) LEFT JOIN hours AS h USING (source, kind, cause)
    ORDER BY g.count DESC, g.last_at DESC LIMIT {MAX_GROUPS}
"""  # noqa: S608


class DeadLetterGroup(ResponseBody):
    """Open dead letters of one source that failed for one cause. `source`, `kind` and `cause` select them in bulk."""

    source: str = Field(description="the service that could not handle them", examples=["dispatch"])
    kind: Literal["message", "conversion", "action"]
    cause: str = Field(
        description="the destination's error code, or else the start of the reason: the same for all of the group",
        examples=["190"],
    )
    reason: str = Field(description="of the newest", examples=["the access token has expired"])
    code: str | None = Field(description="the destination's or the payment provider's own error code")
    type: str | None = Field(description="message type of the newest")
    count: int = Field(ge=1, examples=[214])
    money: list[MoneyTotal] = Field(
        description="amounts of the payments that they concern, by currency, the largest first. Each payment "
        "counts once"
    )
    since: datetime = Field(description="when the first of them was recorded")
    last_at: datetime
    sample_id: UUID = Field(description="the newest")
    hourly: Hourly


class DeadLetterGroups(ResponseBody):
    """The largest groups first, of the newest 100,000 open dead letters."""

    items: list[DeadLetterGroup]
    groups: int = Field(ge=0, description="all groups; at most 100 of them are in `items`")


async def group_by_cause(connection: Connection, where: DeadLetterFilter, now: datetime) -> DeadLetterGroups:
    rows = await connection.fetch(SELECT_GROUPS, *DeadLetterSelection(now, where=where).values)
    items = [DeadLetterGroup.from_row(row, hourly=hourly_series(row["hours"])) for row in rows]
    return DeadLetterGroups(items=items, groups=rows[0]["groups"] if rows else 0)
