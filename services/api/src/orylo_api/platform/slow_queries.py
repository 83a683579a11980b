"""The database's slow statements, from `pg_stat_statements`, without any value."""

import re
from enum import StrEnum
from typing import Literal

import asyncpg
from pydantic import Field

from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.health.models import HealthStatus
from orylo_api.http.fields import RequestPart, ResponseBody
from orylo_api.http.route import Route
from orylo_common.postgres.pool import Connection

MAX_STATEMENTS = 100
MAX_TEXT = 2_000
SELECT_SLOW = "SELECT * FROM api.slow_statements($1, $2)"

NOT_INSTALLED = "Add pg_stat_statements to shared_preload_libraries, then run: CREATE EXTENSION pg_stat_statements."
NOT_LOADED = "Add pg_stat_statements to shared_preload_libraries, and restart PostgreSQL."
NOTHING_SEEN = "Nothing is counted yet, or the role that migrates lacks pg_read_all_stats."

# PostgreSQL replaces constants by $1, $2, … but keeps the first text where it had to forget a statement meanwhile.
_VALUES = re.compile(
    r"""
    /\*.*?\*/ | --[^\n]*                                        # comments
    | \$(?P<tag>[A-Za-z_]\w*|)\$.*?\$(?P=tag)\$                 # dollar-quoted strings
    | [eE]'(?:[^'\\]|''|\\.)*'                                 # strings with escapes
    | (?:[uU]&|[bBnNxX])?'(?:[^']|'')*'                         # other strings
    | (?<![\w$.])(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?           # numbers
    """,
    re.VERBOSE | re.DOTALL,
)


class StatementOrder(StrEnum):
    TOTAL = "total"
    MEAN = "mean"


class SlowQuery(RequestPart):
    order: StatementOrder = Field(default=StatementOrder.TOTAL, description="the largest total or mean time first")
    limit: int = Field(default=20, ge=1, le=MAX_STATEMENTS, description="statements, at most")


class SlowStatement(ResponseBody):
    query: str = Field(
        description=f"its text without values, at most {MAX_TEXT} characters",
        examples=["SELECT * FROM api.payments_view WHERE tenant_id = $1"],
    )
    calls: int = Field(ge=0, examples=[18204])
    mean_ms: float = Field(ge=0, examples=[1.21])
    max_ms: float = Field(ge=0, examples=[88.4])
    total_ms: float = Field(ge=0, examples=[22026.8])
    rows_returned: int = Field(ge=0, description="also those that were written", examples=[18204])


class SlowStatements(ResponseBody):
    status: Literal[HealthStatus.OK, HealthStatus.MISSING]
    detail: str | None = Field(description="why statistics are missing, and the remedy", examples=[NOT_INSTALLED])
    items: list[SlowStatement] = Field(description="of this database, since its statistics were last reset")


async def list_slow_queries(call: Call[None, SlowQuery, None]) -> SlowStatements:
    return await read_slow_statements(call.connection, call.query)


async def read_slow_statements(connection: Connection, query: SlowQuery) -> SlowStatements:
    try:
        # A statement that fails would end the whole transaction.
        async with connection.transaction():
            rows = await connection.fetch(SELECT_SLOW, query.order is StatementOrder.MEAN, query.limit)
    except asyncpg.UndefinedObjectError:
        return SlowStatements(status=HealthStatus.MISSING, detail=NOT_INSTALLED, items=[])
    except asyncpg.ObjectNotInPrerequisiteStateError:
        return SlowStatements(status=HealthStatus.MISSING, detail=NOT_LOADED, items=[])
    items = [SlowStatement.from_row({**row, "query": without_values(row["query"])}) for row in rows]
    return SlowStatements(
        status=HealthStatus.OK if items else HealthStatus.MISSING, detail=None if items else NOTHING_SEEN, items=items
    )


def without_values(text: str) -> str:
    """Return a statement with `?` in place of each literal, on one line, and cut off where a quote is not closed."""
    masked = _VALUES.sub(lambda found: "" if found[0].startswith(("/*", "--")) else "?", text)
    return " ".join(masked.partition("'")[0].split())[:MAX_TEXT]


ROUTES = (
    Route(
        "GET",
        "/api/v1/platform/slow-queries",
        list_slow_queries,
        Permission.SEE_PLATFORM,
        "The database's slow statements",
        query=SlowQuery,
        response=SlowStatements,
        across_tenants=True,
        description="From PostgreSQL's extension `pg_stat_statements`, as texts without values. `missing` without the "
        "extension.",
    ),
)
