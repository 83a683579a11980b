"""Find quarantined webhooks, for the endpoints and for `orylo quarantine`.

Each function works in a transaction that is bound to one tenant: an event id is unique only within a tenant.
"""

from uuid import UUID

import asyncpg

from orylo_api.errors import NotFound
from orylo_api.http.pages import Listing, Where, fetch_page
from orylo_api.quarantine.models import Quarantined, QuarantinedSummary, QuarantineQuery
from orylo_common.postgres.pool import Connection

QUARANTINE = Listing("api.quarantine_view", "id", UUID)
SELECT_QUARANTINED = "SELECT * FROM api.quarantine_view WHERE id = $1"


async def list_quarantine(
    connection: Connection, query: QuarantineQuery
) -> tuple[list[QuarantinedSummary], str | None]:
    where = Where()
    if query.state is not None:
        where.seek("state = {}", query.state)
    if query.kind is not None:
        where.filter("kind = {}", query.kind)
    if query.gateway is not None:
        where.filter("gateway = {}", query.gateway)
    where.seek_range(query)
    rows, next_cursor = await fetch_page(connection, QUARANTINE, where, query)
    return [QuarantinedSummary.from_row(row) for row in rows], next_cursor


async def find_quarantined(connection: Connection, webhook_id: UUID) -> Quarantined:
    """Raises `NotFound`."""
    return Quarantined.from_row(await fetch_quarantined(connection, webhook_id))


async def fetch_quarantined(connection: Connection, webhook_id: UUID) -> asyncpg.Record:
    """Raises `NotFound`."""
    row = await connection.fetchrow(SELECT_QUARANTINED, webhook_id)
    if row is None:
        raise NotFound("there is no such webhook in quarantine")
    return row
