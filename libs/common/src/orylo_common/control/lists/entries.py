"""Entries of tenants' lists: add, change, remove, find. Each change is in effect once its transaction is committed."""

from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from orylo_common.control.audit import Actor, write_audit_line
from orylo_common.control.errors import InvalidChange
from orylo_common.control.lists.values import ALLOW, BLOCK, EntryType, bin_prefixes, displayed_value
from orylo_common.ids import uuid7
from orylo_common.postgres.pool import Connection

# Of one tenant, including entries that have expired.
MAX_ENTRIES = 1_000_000

COLUMNS = "id, list, type, value, reason, added_by, created_at, updated_at, expires_at"
# An entry that has expired gives way to a new one.
INSERT_ENTRY = f"""
    INSERT INTO control.list_entries AS e (tenant_id, id, list, type, value, reason, added_by, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT (tenant_id, type, value, list) DO UPDATE SET
        id = EXCLUDED.id, reason = EXCLUDED.reason, added_by = EXCLUDED.added_by, expires_at = EXCLUDED.expires_at,
        created_at = now(), updated_at = now()
    WHERE e.expires_at <= now()
    RETURNING {COLUMNS}
"""  # noqa: S608
SELECT_ENTRY = f"SELECT {COLUMNS} FROM control.list_entries WHERE tenant_id = $1 AND id = $2"  # noqa: S608
SELECT_ENTRY_FOR_UPDATE = f"{SELECT_ENTRY} FOR UPDATE"
UPDATE_ENTRY = f"""
    UPDATE control.list_entries SET reason = $3, expires_at = $4, updated_at = now() WHERE tenant_id = $1 AND id = $2
    RETURNING {COLUMNS}
"""  # noqa: S608
DELETE_ENTRY = f"DELETE FROM control.list_entries WHERE tenant_id = $1 AND id = $2 RETURNING {COLUMNS}"  # noqa: S608
_IN_EFFECT = "(expires_at IS NULL OR expires_at > now())"
SELECT_BY_VALUES = f"""
    SELECT {COLUMNS} FROM control.list_entries
    WHERE tenant_id = $1 AND type = $2 AND value = ANY($3) AND {_IN_EFFECT} ORDER BY list, value
"""  # noqa: S608
SELECT_BY_ADDRESS = f"""
    SELECT {COLUMNS} FROM control.list_entries
    WHERE tenant_id = $1 AND network >>= $2::text::inet AND {_IN_EFFECT} ORDER BY list, network
"""  # noqa: S608
SELECT_LISTS = f"""
    SELECT list, type, count(*) AS entries FROM control.list_entries WHERE tenant_id = $1 AND {_IN_EFFECT}
    GROUP BY list, type ORDER BY list, type
"""  # noqa: S608
COUNT_ENTRIES = f"""
    SELECT count(*) FROM (SELECT FROM control.list_entries WHERE tenant_id = $1 LIMIT {MAX_ENTRIES + 1}) AS counted
"""  # noqa: S608


class UnknownEntry(InvalidChange):
    """The tenant has no such entry."""


class AlreadyListed(InvalidChange):
    """The list has an entry for this value that has not expired."""


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry to add, with its value as `entry_value` returns it."""

    list: str
    type: EntryType
    value: str
    reason: str
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ListEntry:
    """An entry of a list. `value` is as people see it: a hash has a prefix that names its kind."""

    id: UUID
    list: str
    type: EntryType
    value: str
    reason: str
    added_by: str
    created_at: datetime
    updated_at: datetime
    expires_at: datetime | None

    @classmethod
    def from_row(cls, row: asyncpg.Record) -> "ListEntry":
        """Build an entry from a row of the table, or of the columns `COLUMNS`."""
        entry_type = EntryType(row["type"])
        named = {each.name: row[each.name] for each in fields(cls)}
        return cls(**{**named, "type": entry_type, "value": displayed_value(entry_type, row["value"])})


async def add_entry(connection: Connection, tenant_id: UUID, new: NewEntry, *, actor: Actor) -> ListEntry:
    """Raises `AlreadyListed`, and `InvalidChange` if the tenant has too many entries."""
    await check_number(connection, tenant_id, adding=1)
    row = await connection.fetchrow(
        INSERT_ENTRY, tenant_id, uuid7(), new.list, new.type, new.value, new.reason, actor.name, new.expires_at
    )
    if row is None:
        raise AlreadyListed(f"the list {new.list} already has this {new.type}")
    entry = ListEntry.from_row(row)
    await _write_line(connection, tenant_id, "list.add", entry, actor, after=entry)
    return entry


async def change_entry(
    connection: Connection, tenant_id: UUID, entry_id: UUID, *, reason: str, expires_at: datetime | None, actor: Actor
) -> ListEntry:
    """Replace an entry's reason and expiry. Raises `UnknownEntry`."""
    before = await find_entry(connection, tenant_id, entry_id, for_update=True)
    [row] = await connection.fetch(UPDATE_ENTRY, tenant_id, entry_id, reason, expires_at)
    after = ListEntry.from_row(row)
    await _write_line(connection, tenant_id, "list.change", after, actor, before=before, after=after)
    return after


async def remove_entry(connection: Connection, tenant_id: UUID, entry_id: UUID, *, actor: Actor) -> ListEntry:
    """Raises `UnknownEntry`."""
    row = await connection.fetchrow(DELETE_ENTRY, tenant_id, entry_id)
    if row is None:
        raise UnknownEntry(f"the tenant has no list entry {entry_id}")
    removed = ListEntry.from_row(row)
    await _write_line(connection, tenant_id, "list.remove", removed, actor, before=removed)
    return removed


async def find_entry(connection: Connection, tenant_id: UUID, entry_id: UUID, *, for_update: bool = False) -> ListEntry:
    """Raises `UnknownEntry`."""
    row = await connection.fetchrow(SELECT_ENTRY_FOR_UPDATE if for_update else SELECT_ENTRY, tenant_id, entry_id)
    if row is None:
        raise UnknownEntry(f"the tenant has no list entry {entry_id}")
    return ListEntry.from_row(row)


async def find_by_value(connection: Connection, tenant_id: UUID, entry_type: EntryType, value: str) -> list[ListEntry]:
    """Return the entries in effect that apply to a payment with this value, which is as `entry_value` returns it."""
    if entry_type is EntryType.IP:
        rows = await connection.fetch(SELECT_BY_ADDRESS, tenant_id, value)
    else:
        values = bin_prefixes(value) if entry_type is EntryType.BIN else [value]
        rows = await connection.fetch(SELECT_BY_VALUES, tenant_id, entry_type, values)
    return [ListEntry.from_row(row) for row in rows]


async def count_by_list(connection: Connection, tenant_id: UUID) -> dict[str, dict[str, int]]:
    """Return the number of entries in effect by list and type. The block and the allow list are always there."""
    counts: dict[str, dict[str, int]] = {BLOCK: {}, ALLOW: {}}
    for row in await connection.fetch(SELECT_LISTS, tenant_id):
        counts.setdefault(row["list"], {})[row["type"]] = row["entries"]
    return counts


async def check_number(connection: Connection, tenant_id: UUID, *, adding: int = 0) -> None:
    """Raises `InvalidChange` if the tenant has, or would have, more than `MAX_ENTRIES`."""
    if await connection.fetchval(COUNT_ENTRIES, tenant_id) + adding > MAX_ENTRIES:
        raise InvalidChange(f"a tenant's lists have at most {MAX_ENTRIES:,} entries: remove some first")


async def _write_line(
    connection: Connection,
    tenant_id: UUID,
    action: str,
    entry: ListEntry,
    actor: Actor,
    *,
    before: ListEntry | None = None,
    after: ListEntry | None = None,
) -> None:
    await write_audit_line(
        connection,
        tenant_id,
        actor,
        action=action,
        subject=f"{entry.list} list entry {entry.id}",
        before=_audited(before),
        after=_audited(after),
    )


def _audited(entry: ListEntry | None) -> dict[str, Any] | None:
    if entry is None:
        return None
    named = ("list", "type", "value", "reason", "expires_at")
    return {name: value for name, value in asdict(entry).items() if name in named}
