"""A customer's score history: each change with its points and the running sum, which add up to the score."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg
from pydantic import Field

from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.customers.models import CustomerPath
from orylo_api.customers.queries import SELECT_CUSTOMER
from orylo_api.errors import NotFound
from orylo_api.http.fields import Page, PageQuery, ResponseBody
from orylo_api.http.pages import Listing, Where, fetch_page
from orylo_api.http.route import Route
from orylo_common.postgres.pool import Connection

# A change of the status leaves the score as it is.
WITHOUT_POINTS = ["status_set", "status_expired"]
MAX_VERSION = 2**63 - 1
PREVIOUS = """
    SELECT total FROM api.trust_changes WHERE customer_id = $1 AND version < $2 AND cause <> ALL($3)
    ORDER BY version DESC LIMIT 1
"""


def _version(text: str) -> int:
    version = int(text)
    if not 0 <= version <= MAX_VERSION:
        raise ValueError("not a version")
    return version


CHANGES = Listing("api.trust_changes", "customer_id", str, order_by="version", order_type=_version)


class ScoreEntry(ResponseBody):
    """A change of the score. `points` are the difference of the sums before and after, which are not limited."""

    version: int = Field(description="counts the customer's changes from 1; changes of the status are left out")
    cause: str = Field(examples=["dispute_opened"])
    points: int = Field(examples=[-50])
    total_before: int = Field(description="the sum before this change", examples=[52])
    total: int = Field(description="the sum from this change on", examples=[2])
    score_before: int = Field(ge=0, le=100, examples=[52])
    score_after: int = Field(ge=0, le=100, examples=[2])
    limited: bool = Field(description="the sum is below 0 or above 100, so the score is 0 or 100")
    payment_id: str | None
    actor: str | None = Field(description="who corrected the score or decided the merge, if that is the cause")
    reason: str | None = Field(description="the reason they gave")
    occurred_at: datetime


class ScoreLedger(Page[ScoreEntry]):
    """Newest first. `start` and the points of all entries add up to `total`, which is limited to 0 to 100."""

    customer_id: str = Field(description="the customer that represents the person")
    trust_score: int = Field(ge=0, le=100)
    start: int = Field(examples=[50])
    total: int = Field(examples=[62])


async def show_ledger(call: Call[CustomerPath, PageQuery, None]) -> ScoreLedger:
    ledger = await read_ledger(call.connection, call.path.id, call.query)
    if ledger is None:
        raise NotFound("there is no such customer")
    return ledger


async def read_ledger(connection: Connection, customer_id: str, page: PageQuery) -> ScoreLedger | None:
    customer = await connection.fetchrow(SELECT_CUSTOMER, customer_id)
    if customer is None:
        return None
    where = Where()
    where.seek("customer_id = {}", customer["customer_id"])
    where.seek("cause <> ALL({})", WITHOUT_POINTS)
    rows, next_cursor = await fetch_page(connection, CHANGES, where, page)
    causes, start = customer["trust_causes"], customer["trust_start"]
    total = customer["trust_score"] if causes is None else start + sum(causes.values())
    return ScoreLedger(
        customer_id=customer["customer_id"],
        trust_score=customer["trust_score"],
        start=start if start is not None else await _first_score(connection, customer),
        total=total,
        items=await _entries(connection, rows),
        next_cursor=next_cursor,
    )


async def _entries(connection: Connection, rows: Sequence[asyncpg.Record]) -> list[ScoreEntry]:
    if not rows:
        return []
    oldest = rows[-1]
    previous = await connection.fetchrow(PREVIOUS, oldest["customer_id"], oldest["version"], WITHOUT_POINTS)
    before = [*(_total(row) for row in rows[1:]), _before(oldest, previous)]
    return [_entry(row, total_before) for row, total_before in zip(rows, before, strict=True)]


def _entry(row: asyncpg.Record, total_before: int) -> ScoreEntry:
    total = _total(row)
    return ScoreEntry.from_row(
        {name: value for name, value in row.items() if name != "total"},
        points=total - total_before,
        total_before=total_before,
        total=total,
        limited=total != row["score_after"],
    )


def _total(row: asyncpg.Record) -> int:
    """Return the sum after a change. Changes of earlier versions have only the score, which was limited."""
    return int(row["score_after"] if row["total"] is None else row["total"])


def _before(oldest: asyncpg.Record, previous: asyncpg.Record | None) -> int:
    """Return the sum before the oldest change: after the change before it, else the start, else by the scores."""
    if previous is not None and previous["total"] is not None:
        return int(previous["total"])
    if previous is None and oldest["start"] is not None and oldest["version"] == 1:
        return int(oldest["start"])
    return _total(oldest) - int(oldest["score_after"] - oldest["score_before"])


async def _first_score(connection: Connection, customer: Any) -> int:
    """Return the score before the first change, of a customer whose score has not changed since causes are summed."""
    first = await connection.fetchval(
        "SELECT score_before FROM api.trust_changes WHERE customer_id = $1 ORDER BY version LIMIT 1",
        customer["customer_id"],
    )
    start: int = customer["trust_score"] if first is None else first
    return start


ROUTES = (
    Route(
        "GET",
        "/api/v1/customers/{id}/ledger",
        show_ledger,
        Permission.READ,
        "A customer's score history by cause, with the running sum",
        path_values=CustomerPath,
        query=PageQuery,
        response=ScoreLedger,
        description=(
            "Of a person with several customers, the history of the one that represents the person: a merge is an "
            "entry whose points are the difference that the other ledgers make."
        ),
    ),
)
