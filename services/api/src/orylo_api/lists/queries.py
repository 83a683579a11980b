"""Find list entries. Each function works in a transaction that is bound to one tenant."""

from uuid import UUID

from orylo_api.http.pages import Listing, Where, fetch_page
from orylo_api.lists.models import Entry, EntryQuery, EntryState, entry_of
from orylo_common.control.lists.entries import ListEntry
from orylo_common.postgres.pool import Connection

ENTRIES = Listing("control.list_entries", "id", UUID)
STATES = {
    EntryState.ACTIVE: "(expires_at IS NULL OR expires_at > now())",
    EntryState.EXPIRED: "expires_at <= now()",
}


async def list_entries(connection: Connection, query: EntryQuery) -> tuple[list[Entry], str | None]:
    where = Where()
    if query.list is not None:
        where.seek("list = {}", query.list)
    if query.type is not None:
        where.filter("type = {}", query.type)
    if query.added_by is not None:
        where.filter("added_by = {}", query.added_by)
    if query.expires_before is not None:
        where.filter("expires_at < {}", query.expires_before)
    if query.state in STATES:
        where.filter(STATES[query.state])
    where.seek_range(query)
    rows, next_cursor = await fetch_page(connection, ENTRIES, where, query)
    return [entry_of(ListEntry.from_row(row)) for row in rows], next_cursor
