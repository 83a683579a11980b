from uuid import UUID

import asyncpg

from orylo_api.conversions.models import Conversion, ConversionMatch, ConversionQuery, ConversionStatus
from orylo_api.http.pages import Listing, Where, fetch_page
from orylo_common.postgres.pool import Connection

CONVERSIONS = Listing("api.conversions_view", "id", UUID)
SELECT_CONVERSION = "SELECT * FROM api.conversions_view WHERE id = $1"


async def list_conversions(connection: Connection, query: ConversionQuery) -> tuple[list[Conversion], str | None]:
    where = Where()
    if query.status is ConversionStatus.DISPATCHED:
        where.filter("status = 'dispatched'")
    elif query.status is not None:
        # As a literal: the planner uses the index on other statuses only if it can see that this is one of them.
        where.seek(f"status = '{query.status}'")
    if query.payment_id is not None:
        where.seek("payment_id = {}", query.payment_id)
    if query.destination is not None:
        where.filter("destination = {}", query.destination)
    where.seek_range(query)
    rows, next_cursor = await fetch_page(connection, CONVERSIONS, where, query)
    return [_conversion(row) for row in rows], next_cursor


async def find_conversion(connection: Connection, conversion_id: UUID) -> Conversion | None:
    row = await connection.fetchrow(SELECT_CONVERSION, conversion_id)
    return None if row is None else _conversion(row)


def _conversion(row: asyncpg.Record) -> Conversion:
    match = ConversionMatch(
        method=row["match_method"], confidence=row["match_confidence"], click_id=row["match_click_id"]
    )
    return Conversion.from_row(row, match=match)
