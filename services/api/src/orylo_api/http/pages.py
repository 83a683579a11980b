"""Pages of rows, by cursor: a cursor holds the last row's position, not the number of rows before it.

A page costs the same however many rows there are. Conditions without an index filter a limited number of rows; if
too few of those match, the page is short and its cursor continues after them.
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
from orylo_api.http.fields import PageQuery, Range
from orylo_api.http.problem_details import FieldProblem
from orylo_common.postgres.pool import Connection

# Rows that one page may filter, unless its conditions read other tables too.
FILTER_LIMIT = 5_000


def moment(text: str) -> datetime:
    """Read a time from a cursor."""
    position = datetime.fromisoformat(text)
    if position.utcoffset() is None or not 1970 <= position.year <= 2999:
        raise ValueError("not a time that a page has returned")
    return position


@dataclass(frozen=True, slots=True)
class Listing:
    """A table that is listed by (`order_by`, id), newest first unless it says otherwise, with an index on both.

    The types read a value from a cursor. They raise `ValueError` for a value that the column cannot hold.
    """

    table: str
    id_column: str
    id_type: Callable[[str], Any]
    order_by: str = "created_at"
    order_type: Callable[[str], Any] = moment
    ascending: bool = False

    @property
    def order(self) -> str:
        direction = "ASC" if self.ascending else "DESC"
        return f"ORDER BY {self.order_by} {direction}, {self.id_column} {direction}"

    @property
    def follows(self) -> str:
        """Return the condition of rows after a cursor's, with `{}` in place of its values."""
        return f"({self.order_by}, {self.id_column}) {'>' if self.ascending else '<'} ({{}}, {{}})"


@dataclass(slots=True)
class Where:
    """Conditions, with `{}` in place of each value. The texts are constants; values are bound as parameters."""

    # Conditions that an index serves, and conditions that only filter rows.
    sought: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)
    filtered: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)
    # Rows that one page may filter.
    limit: int = FILTER_LIMIT

    def seek(self, condition: str, *values: Any) -> None:
        self.sought.append((condition, values))

    def filter(self, condition: str, *values: Any) -> None:
        self.filtered.append((condition, values))

    def seek_range(self, query: Range) -> None:
        if query.from_ is not None:
            self.seek("created_at >= {}", query.from_)
        if query.to is not None:
            self.seek("created_at < {}", query.to)


async def fetch_page(
    connection: Connection, listing: Listing, where: Where, page: PageQuery
) -> tuple[list[asyncpg.Record], str | None]:
    """Return the page's rows and the next page's cursor. Raises `Invalid` for a cursor that no page has returned."""
    if page.cursor is not None:
        where.seek(listing.follows, *decode_cursor(page.cursor, listing.order_type, listing.id_type))
    order = listing.order
    values: list[Any] = []
    source = f"{listing.table} {_render(where.sought, values)}"
    sought = len(values)
    if where.filtered:
        rows_filtered = f"(SELECT * FROM {source} {order} LIMIT {where.limit}) AS rows"  # noqa: S608
        conditions = _render(where.filtered, values)
        rows = await connection.fetch(
            f"SELECT * FROM {rows_filtered} {conditions} {order} LIMIT {page.limit + 1}",  # noqa: S608
            *values,
        )
    else:
        rows = await connection.fetch(f"SELECT * FROM {source} {order} LIMIT {page.limit + 1}", *values)  # noqa: S608
    if len(rows) > page.limit:
        return rows[: page.limit], _cursor_of(rows[page.limit - 1], listing)
    if not where.filtered:
        return rows, None
    last_filtered = await connection.fetchrow(
        f"SELECT {listing.order_by}, {listing.id_column} FROM {source} {order} OFFSET {where.limit - 1} LIMIT 1",  # noqa: S608
        *values[:sought],
    )
    return rows, None if last_filtered is None else _cursor_of(last_filtered, listing)


def _render(conditions: list[tuple[str, tuple[Any, ...]]], values: list[Any]) -> str:
    """Return the WHERE clause, with `$n` for the values, which are appended to `values`."""
    texts = []
    for condition, bound in conditions:
        first = len(values) + 1
        values.extend(bound)
        texts.append(condition.format(*(f"${first + offset}" for offset in range(len(bound)))))
    return f"WHERE {' AND '.join(texts)}" if texts else ""


def _cursor_of(row: asyncpg.Record, listing: Listing) -> str:
    return encode_cursor(row[listing.order_by], row[listing.id_column])


def encode_cursor(position: Any, last_id: Any) -> str:
    text = position.isoformat() if isinstance(position, datetime) else str(position)
    return base64.urlsafe_b64encode(orjson.dumps([text, str(last_id)])).rstrip(b"=").decode()


def decode_cursor(cursor: str, position_type: Callable[[str], Any], id_type: Callable[[str], Any]) -> tuple[Any, Any]:
    """Return the position and the id of the last row. Raises `Invalid` for a cursor that no page has returned."""
    try:
        position, last_id = map(str, orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))))
        values = position_type(position), id_type(last_id)
        valid = "\x00" not in last_id
    except (ValueError, TypeError, OverflowError, binascii.Error):
        valid = False
    if not valid:
        error = FieldProblem(field="query.cursor", message="must be the `next_cursor` of a page")
        raise Invalid("the cursor is invalid", [error])
    return values
