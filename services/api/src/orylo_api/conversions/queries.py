from collections import defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

import asyncpg

from orylo_api.conversions.models import (
    Conversion,
    ConversionDelivery,
    ConversionFilters,
    ConversionMatch,
    ConversionStatus,
    ConversionWait,
)
from orylo_api.dead_letters.selection import MAX_CAUSE
from orylo_api.destinations.dispatch_client import DispatchClient
from orylo_api.http.fields import PageQuery
from orylo_api.http.pages import Listing, Where, fetch_page
from orylo_common.postgres.pool import Connection

CONVERSIONS = Listing("api.conversions_view", "id", UUID)
SELECT_CONVERSION = "SELECT * FROM api.conversions_view WHERE id = $1"
SELECT_OF_PAYMENTS = "SELECT * FROM api.conversions_view WHERE payment_id = ANY($1) ORDER BY created_at, id"
# A destination that was deleted, or that never stopped, has none of these rows.
SELECT_WAITS = """
    SELECT d.id, s.reason, s.code, s.since,
           'destination_' || CASE WHEN d.enabled THEN s.status ELSE 'disabled' END AS cause
    FROM api.destinations AS d
    LEFT JOIN api.destination_states_view AS s ON s.destination_id = d.id AND s.status <> 'active' AND d.enabled
    WHERE d.id = ANY ($1) AND (s.status IS NOT NULL OR NOT d.enabled)
"""


async def list_conversions(
    connection: Connection, query: ConversionFilters, page: PageQuery
) -> tuple[list[Conversion], str | None]:
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
    if query.gateway is not None:
        where.filter("split_part(payment_id, ':', 1) = ANY({})", query.gateway)
    if query.method is not None:
        where.filter("match_method = ANY({})", query.method)
    if query.cause is not None:
        where.filter(f"coalesce(code, left(reason, {MAX_CAUSE})) = {{}}", query.cause)
    where.seek_range(query)
    rows, next_cursor = await fetch_page(connection, CONVERSIONS, where, page)
    return await _with_waits(connection, rows), next_cursor


async def find_conversion(connection: Connection, conversion_id: UUID) -> Conversion | None:
    row = await connection.fetchrow(SELECT_CONVERSION, conversion_id)
    return None if row is None else (await _with_waits(connection, [row]))[0]


async def conversions_of_payments(connection: Connection, payment_ids: Sequence[str]) -> dict[str, list[Conversion]]:
    """Return the conversions of each payment that has any, oldest first."""
    found: defaultdict[str, list[Conversion]] = defaultdict(list)
    for each in await _with_waits(connection, await connection.fetch(SELECT_OF_PAYMENTS, payment_ids)):
        found[each.payment_id].append(each)
    return found


async def read_delivery(dispatch: DispatchClient, tenant_id: UUID, conversion_id: UUID) -> ConversionDelivery:
    """Ask dispatch. Raises what the client raises."""
    delivery = await dispatch.conversion(tenant_id, conversion_id)
    waits = delivery["state"] == "pending" and delivery["started_at"] is None
    return ConversionDelivery.model_validate(delivery | {"next_attempt_at": delivery["due_at"] if waits else None})


async def _with_waits(connection: Connection, rows: Sequence[asyncpg.Record]) -> list[Conversion]:
    """Return the conversions. Without a pending one among them no statement is executed."""
    waits: dict[UUID, ConversionWait] = {}
    if pending := {row["destination_id"] for row in rows if row["status"] == ConversionStatus.PENDING}:
        waits = {row["id"]: ConversionWait.from_row(row) for row in await connection.fetch(SELECT_WAITS, list(pending))}
    return [_conversion(row, waits) for row in rows]


def _conversion(row: asyncpg.Record, waits: Mapping[UUID, ConversionWait]) -> Conversion:
    wait = waits.get(row["destination_id"]) if row["status"] == ConversionStatus.PENDING else None
    match = ConversionMatch(
        method=row["match_method"],
        confidence=row["match_confidence"],
        click_id=row["match_click_id"],
        tried=row["match_tried"],
        utm=row["match_utm"],
    )
    return Conversion.from_row(row, match=match, waiting_for=wait)
