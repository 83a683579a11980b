"""The entries of a tenant's lists that are in effect, with only the parts that decide."""

from collections.abc import AsyncIterator, Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from orylo_common.control.lists.values import EntryType
from orylo_common.postgres.pool import Connection

BATCH = 1_000
SELECT_EFFECTIVE = """
    SELECT list, type, value, expires_at FROM control.list_entries
    WHERE tenant_id = $1 AND type = ANY($2) AND (expires_at IS NULL OR expires_at > now())
"""


class EffectiveEntry(NamedTuple):
    """An entry with its value as payments carry it."""

    list: str
    type: EntryType
    value: str
    expires_at: datetime | None = None


async def effective_entries(
    connection: Connection, tenant_id: UUID, types: Collection[EntryType]
) -> AsyncIterator[list[EffectiveEntry]]:
    """Yield the entries of these types in batches: a tenant may have a million. Must be called in a transaction."""
    cursor = await connection.cursor(SELECT_EFFECTIVE, tenant_id, list(types))
    while rows := await cursor.fetch(BATCH):
        yield [EffectiveEntry(name, EntryType(kind), value, expires_at) for name, kind, value, expires_at in rows]
