"""Everything that happened with a customer, in one list."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import asyncpg
from pydantic import Field

from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.customers.merge_models import CustomerMerge
from orylo_api.customers.merge_queries import read_people
from orylo_api.customers.models import CustomerPath, DetectionEntry, PaymentEntry, TrustEntry
from orylo_api.customers.queries import payment_entry
from orylo_api.errors import NotFound
from orylo_api.http.fields import Page, PageQuery, ResponseBody
from orylo_api.http.pages import decode_cursor, encode_cursor, moment
from orylo_api.http.route import Route
from orylo_api.notes.models import Note
from orylo_api.notes.queries import note_of
from orylo_common.postgres.pool import Connection

# After every entry.
END = moment("2999-12-31T00:00:00+00:00"), "~"


class VisitEntry(ResponseBody):
    kind: Literal["visit"] = "visit"
    at: datetime = Field(description="when a payment was matched to the visit")
    payment_id: str
    click_id: str
    method: str = Field(description="how the visit was found: click_id, fbc, fbp, email, phone or ip_user_agent")
    confidence: float = Field(ge=0, le=1, examples=[0.99])


class MergeEntry(CustomerMerge):
    kind: Literal["merge"] = "merge"
    at: datetime


class NoteEntry(Note):
    kind: Literal["note"] = "note"
    at: datetime


TimelineEntry = Annotated[
    PaymentEntry | DetectionEntry | TrustEntry | VisitEntry | MergeEntry | NoteEntry, Field(discriminator="kind")
]


class Timeline(Page[TimelineEntry]):
    """Newest first. A payment is at the time of its first event, and shows the state that it is in now."""


def _source(columns: str, at: str, key: str, tables: str) -> str:
    """Return the statement of one kind. Each reads a page of it by an index, and all pages are merged."""
    return f"""
        SELECT * FROM (
            SELECT {columns}, {at} AS at, ({key}) COLLATE "C" AS key FROM {tables} AND {at} <= $2
        ) AS rows WHERE (at, key) < ($2, $3 COLLATE "C") ORDER BY at DESC, key DESC LIMIT $4
    """  # noqa: S608


OF_CUSTOMER = "customer_id = ANY($1::text[])"
# Visits are known through the payments that were matched to them.
MATCHED = f"""
    (SELECT tenant_id, payment_id FROM api.payments_view WHERE {OF_CUSTOMER} ORDER BY created_at DESC LIMIT 1000) AS p
    JOIN api.conversions_view AS c USING (tenant_id, payment_id) WHERE c.match_click_id IS NOT NULL
"""  # noqa: S608
SOURCES: Mapping[str, str] = {
    "payment": _source("*", "created_at", "'payment:' || payment_id", f"api.payments_view WHERE {OF_CUSTOMER}"),
    "detection": _source("*", "created_at", "'detection:' || id", f"api.detections_view WHERE {OF_CUSTOMER}"),
    "trust": _source(
        "*",
        "occurred_at",
        "'trust:' || customer_id || ':' || lpad(version::text, 19, '0')",
        f"api.trust_changes WHERE {OF_CUSTOMER}",
    ),
    "visit": _source(
        "payment_id, c.match_click_id AS click_id, c.match_method AS method, c.match_confidence AS confidence",
        "c.created_at",
        "'visit:' || c.id",
        MATCHED,
    ),
    "merge": _source(
        "*",
        "occurred_at",
        "'merge:' || customer_id || ':' || lpad(version::text, 19, '0')",
        f"api.customer_merges WHERE {OF_CUSTOMER}",
    ),
    "note": _source(
        "*",
        "created_at",
        "'note:' || id",
        "api.notes WHERE subject_kind = 'customer' AND subject_id = ANY($1::text[])",
    ),
}


async def show_timeline(call: Call[CustomerPath, PageQuery, None]) -> Timeline:
    people = await read_people(call.connection, call.path.id)
    if people is None:
        raise NotFound("there is no such customer")
    page = call.query
    position = END if page.cursor is None else decode_cursor(page.cursor, moment, str)
    found = await _read(call.connection, sorted({call.path.id, *people}), position, page.limit + 1)
    shown = found[: page.limit]
    last = shown[-1][1] if len(found) > page.limit else None
    return Timeline(
        items=[_ENTRIES[kind](row, call.principal.id) for kind, row in shown],
        next_cursor=None if last is None else encode_cursor(last["at"], last["key"]),
    )


async def _read(
    connection: Connection, people: list[str], position: tuple[datetime, str], limit: int
) -> list[tuple[str, asyncpg.Record]]:
    found = [
        (kind, row)
        for kind, statement in SOURCES.items()
        for row in await connection.fetch(statement, people, *position, limit)
    ]
    # UTF-8 sorts as the collation C does.
    found.sort(key=lambda each: (each[1]["at"], each[1]["key"].encode()), reverse=True)
    return found[:limit]


def _detection(row: asyncpg.Record, _: UUID) -> DetectionEntry:
    return DetectionEntry.from_row(row, detection_id=row["id"], **row["findings"])


def _payment(row: asyncpg.Record, _: UUID) -> PaymentEntry:
    return payment_entry(row).model_copy(update={"at": row["at"]})


def _note(row: asyncpg.Record, reader: UUID) -> NoteEntry:
    return NoteEntry(**note_of(row, reader).model_dump(), at=row["at"])


_ENTRIES: Mapping[str, Callable[[Any, UUID], Any]] = {
    "payment": _payment,
    "detection": _detection,
    "trust": lambda row, _: TrustEntry.from_row(row),
    "visit": lambda row, _: VisitEntry.from_row(row),
    "merge": lambda row, _: MergeEntry.from_row(row),
    "note": _note,
}

ROUTES = (
    Route(
        "GET",
        "/api/v1/customers/{id}/timeline",
        show_timeline,
        Permission.READ,
        "Payments, decisions, visits, changes of score and status, merges and notes of a customer, newest first",
        path_values=CustomerPath,
        query=PageQuery,
        response=Timeline,
        description="Of all customers that are the same person. Visits are those that a payment was matched to. ",
    ),
)
