"""Pages of newest rows first, by cursor: where the last page ended, not how many came before.

A page costs the same however many rows there are: what an index cannot find is sifted from a limited number of
rows, and where they hold too little the page is short and its cursor goes on from there.
"""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import asyncpg
import orjson

from orylo_api.errors import Invalid
from orylo_api.http.fields import PageQuery
from orylo_api.http.problem_details import FieldProblem
from orylo_common.postgres.pool import Connection

# Rows that one page may sift.
SIFT_LIMIT = 5_000


@dataclass(frozen=True, slots=True)
class Listing:
    """A table that is listed by (created_at, id), both descending, with an index for that."""

    table: str
    id_column: str
    id_type: Callable[[str], Any]


@dataclass(slots=True)
class Where:
    """Conditions, each with `{}` where its value goes. The texts are ours; values travel beside them."""

    # What an index serves, and what rows are sifted by.
    sought: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)
    sifted: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)

    def seek(self, condition: str, *values: Any) -> None:
        self.sought.append((condition, values))

    def sift(self, condition: str, *values: Any) -> None:
        self.sifted.append((condition, values))


async def fetch_page(
    connection: Connection, listing: Listing, where: Where, page: PageQuery
) -> tuple[list[asyncpg.Record], str | None]:
    """The rows of the page, and the cursor of the next. Raises `Invalid` for a cursor that is none of ours."""
    if page.cursor is not None:
        where.seek(f"(created_at, {listing.id_column}) < ({{}}, {{}})", *_decode(page.cursor, listing.id_type))
    order = f"ORDER BY created_at DESC, {listing.id_column} DESC"
    values: list[Any] = []
    source = f"{listing.table} {_render(where.sought, values)}"
    sought = len(values)
    if where.sifted:
        rows_sifted = f"(SELECT * FROM {source} {order} LIMIT {SIFT_LIMIT}) AS rows"  # noqa: S608
        conditions = _render(where.sifted, values)
        rows = await connection.fetch(
            f"SELECT * FROM {rows_sifted} {conditions} {order} LIMIT {page.limit + 1}",  # noqa: S608
            *values,
        )
    else:
        rows = await connection.fetch(f"SELECT * FROM {source} {order} LIMIT {page.limit + 1}", *values)  # noqa: S608
    if len(rows) > page.limit:
        return rows[: page.limit], _encode(rows[page.limit - 1], listing)
    if not where.sifted:
        return rows, None
    last_sifted = await connection.fetchrow(
        f"SELECT created_at, {listing.id_column} FROM {source} {order} OFFSET {SIFT_LIMIT - 1} LIMIT 1",  # noqa: S608
        *values[:sought],
    )
    return rows, None if last_sifted is None else _encode(last_sifted, listing)


def _render(conditions: list[tuple[str, tuple[Any, ...]]], values: list[Any]) -> str:
    """The conditions with `$n` for their values, which are added to `values`."""
    texts = []
    for condition, bound in conditions:
        first = len(values) + 1
        values.extend(bound)
        texts.append(condition.format(*(f"${first + offset}" for offset in range(len(bound)))))
    return f"WHERE {' AND '.join(texts)}" if texts else ""


def _encode(row: asyncpg.Record, listing: Listing) -> str:
    text = orjson.dumps([row["created_at"].isoformat(), str(row[listing.id_column])])
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def _decode(cursor: str, id_type: Callable[[str], Any]) -> tuple[datetime, Any]:
    try:
        created_at, last_id = map(str, orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))))
        moment = datetime.fromisoformat(created_at)
        value = id_type(last_id)
        ours = moment.utcoffset() is not None and 1970 <= moment.year <= 2999 and "\x00" not in last_id
    except (ValueError, TypeError, binascii.Error):
        ours = False
    if not ours:
        error = FieldProblem(field="query.cursor", message="is no cursor that a page before has given")
        raise Invalid("the cursor was refused", [error])
    return moment, value
