"""What was set aside or refused: the counts of the three lists."""

from datetime import datetime, timedelta

from pydantic import Field

from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.http.fields import ResponseBody
from orylo_api.http.route import Route
from orylo_common.postgres.pool import Connection

REJECTED_SINCE = timedelta(days=7)
# Nobody needs an exact number beyond this.
MAX_COUNTED = 10_000

COUNT = f"""
    SELECT (SELECT count(*) FROM (
               SELECT FROM api.dead_letters WHERE state = 'open' LIMIT {MAX_COUNTED}) AS open) AS dead_letters,
           (SELECT max(created_at) FROM api.dead_letters) AS last_dead_letter_at,
           (SELECT count(*) FROM (
               SELECT FROM api.quarantine_view WHERE state = 'open' LIMIT {MAX_COUNTED}) AS open) AS quarantine,
           (SELECT max(created_at) FROM api.quarantine_view) AS last_quarantined_at,
           (SELECT coalesce(sum(count), 0)::bigint FROM api.rejections_view WHERE created_at >= $1) AS rejections,
           (SELECT max(last_at) FROM api.rejections_view) AS last_rejected_at
"""  # noqa: S608


class ProblemSummary(ResponseBody):
    """Counts above 10,000 are given as 10,000, except for rejections."""

    dead_letters: int = Field(ge=0, description="open ones", examples=[3])
    last_dead_letter_at: datetime | None = Field(description="the newest, open or settled")
    quarantine: int = Field(ge=0, description="open ones", examples=[14])
    last_quarantined_at: datetime | None = Field(description="the newest, open or settled")
    rejections: int = Field(ge=0, description="of the last 7 days", examples=[22])
    last_rejected_at: datetime | None


async def count_problems(connection: Connection, now: datetime) -> ProblemSummary:
    [row] = await connection.fetch(COUNT, now - REJECTED_SINCE)
    return ProblemSummary.from_row(row)


async def summarise_problems(call: Call[None, None, None]) -> ProblemSummary:
    return await count_problems(call.connection, call.services.clock.now())


ROUTES = (
    Route(
        "GET",
        "/api/v1/problems/summary",
        summarise_problems,
        Permission.READ,
        "How many dead letters, quarantined and rejected webhooks there are",
        response=ProblemSummary,
        description="The counts of the three lists, and when each last got an item. ",
    ),
)
