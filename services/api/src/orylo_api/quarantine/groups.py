"""Open webhooks in quarantine by cause."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from orylo_api.http.fields import ResponseBody
from orylo_api.jobs.bulk_models import MAX_ITEMS
from orylo_api.problems.hourly import HOURS, MAX_GROUPS, Hourly, hourly_series
from orylo_api.quarantine.models import QuarantineFilter, QuarantineKind
from orylo_api.quarantine.selection import OPEN, QuarantineSelection
from orylo_common.postgres.pool import Connection

SELECT_GROUPS = f"""
    WITH selected AS MATERIALIZED ({OPEN} ORDER BY q.created_at DESC, q.id DESC LIMIT {MAX_ITEMS}),
    hours AS (
        SELECT gateway, kind, cause, jsonb_object_agg(hours_ago, n) AS hours FROM (
            SELECT gateway, kind, cause, floor(extract(epoch FROM $1 - created_at) / 3600)::int AS hours_ago,
                   count(*) AS n
            FROM selected WHERE created_at > $1 - interval '{HOURS} hours' GROUP BY 1, 2, 3, 4
        ) AS counted GROUP BY 1, 2, 3
    ),
    groups AS (
        SELECT gateway, kind, cause, count(*) AS count, min(created_at) AS since, max(created_at) AS last_at,
               (array_agg(reason ORDER BY created_at DESC, id DESC))[1] AS reason,
               (array_agg(gateway_event_type ORDER BY created_at DESC, id DESC))[1] AS gateway_event_type,
               (array_agg(id ORDER BY created_at DESC, id DESC))[1] AS sample_id
        FROM selected GROUP BY 1, 2, 3
    )
    SELECT g.*, coalesce(h.hours, '{{}}') AS hours, count(*) OVER () AS groups
    FROM groups AS g LEFT JOIN hours AS h USING (gateway, kind, cause)
    ORDER BY g.count DESC, g.last_at DESC LIMIT {MAX_GROUPS}
"""  # noqa: S608


class QuarantineGroup(ResponseBody):
    """Open webhooks of one gateway with one cause. `gateway`, `kind` and `cause` select them in bulk.

    Their amounts are not known: they were not understood.
    """

    gateway: str = Field(examples=["kiwify"])
    kind: QuarantineKind
    cause: str = Field(description="the start of the reason, the same for all of the group")
    reason: str = Field(description="of the newest", examples=['unknown order_status "held"'])
    gateway_event_type: str = Field(description="of the newest", examples=["order_held"])
    count: int = Field(ge=1, examples=[14])
    since: datetime = Field(description="when the first of them was received")
    last_at: datetime
    sample_id: UUID = Field(description="the newest")
    hourly: Hourly


class QuarantineGroups(ResponseBody):
    """The largest groups first, of the newest 100,000 open webhooks."""

    items: list[QuarantineGroup]
    groups: int = Field(ge=0, description="all groups; at most 100 of them are in `items`")


async def group_by_cause(connection: Connection, where: QuarantineFilter, now: datetime) -> QuarantineGroups:
    rows = await connection.fetch(SELECT_GROUPS, *QuarantineSelection(now, where=where).values)
    items = [QuarantineGroup.from_row(row, hourly=hourly_series(row["hours"])) for row in rows]
    return QuarantineGroups(items=items, groups=rows[0]["groups"] if rows else 0)
