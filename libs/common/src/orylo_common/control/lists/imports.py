"""Import and export of many list entries. An import is one transaction: all of a file, or nothing."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from uuid import UUID

from orylo_common.control.audit import Actor, write_audit_line
from orylo_common.control.lists.entries import COLUMNS, ListEntry, NewEntry, check_number
from orylo_common.control.lists.values import EntryType
from orylo_common.csv_rows import LineProblem
from orylo_common.ids import uuid7
from orylo_common.postgres.pool import Connection

BATCH = 1_000
MAX_PROBLEMS = 100

# One import of a tenant at a time: two that write the same entries in another order would deadlock.
LOCK_TENANT = "SELECT pg_advisory_xact_lock(hashtext('control.list_entries'), hashtext($1::text))"
UPSERT_ENTRIES = """
    INSERT INTO control.list_entries AS e (tenant_id, added_by, id, list, type, value, reason, expires_at)
    SELECT $1, $2, given.*
    FROM unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[]) AS given
    ON CONFLICT (tenant_id, type, value, list) DO UPDATE SET
        reason = EXCLUDED.reason, expires_at = EXCLUDED.expires_at, added_by = EXCLUDED.added_by, updated_at = now()
    WHERE (e.reason, e.expires_at) IS DISTINCT FROM (EXCLUDED.reason, EXCLUDED.expires_at)
    RETURNING xmax = 0 AS is_new
"""
SELECT_PAGE = f"""
    SELECT {COLUMNS} FROM control.list_entries
    WHERE tenant_id = $1 AND ($2::text IS NULL OR list = $2) AND ($3::text IS NULL OR type = $3)
      AND (expires_at IS NULL OR expires_at > now())
      AND ($4::timestamptz IS NULL OR (created_at, id) > ($4, $5))
    ORDER BY created_at, id LIMIT {BATCH}
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class ImportResult:
    """The number of lines that added an entry, changed one, or found it unchanged, as repeated lines do.

    Lines that have expired already are left out. If a line is `invalid`, nothing was stored; `problems` are the first
    `MAX_PROBLEMS` of them.
    """

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    expired: int = 0
    invalid: int = 0
    problems: tuple[LineProblem, ...] = ()
    stored: bool = False


async def import_entries(
    connection: Connection,
    tenant_id: UUID,
    read: Iterator[NewEntry | LineProblem],
    *,
    actor: Actor,
    now: datetime,
    dry_run: bool = False,
) -> ImportResult:
    """Store all entries, or none if a line is invalid or with `dry_run`, which counts what would be stored.

    Raises `InvalidChange` if the tenant would have too many entries, and what `read` raises.
    """
    transaction = connection.transaction()
    await transaction.start()
    try:
        result = await _write_all(connection, tenant_id, read, actor, now)
    except BaseException:
        await transaction.rollback()
        raise
    if dry_run or result.invalid:
        await transaction.rollback()
        return result
    await transaction.commit()
    return replace(result, stored=True)


async def read_page(
    connection: Connection,
    tenant_id: UUID,
    *,
    after: ListEntry | None = None,
    list_name: str | None = None,
    entry_type: EntryType | None = None,
) -> list[ListEntry]:
    """Return the next entries in effect, oldest first, at most `BATCH` of them. After the last one, return none."""
    position = (after.created_at, after.id) if after else (None, None)
    rows = await connection.fetch(SELECT_PAGE, tenant_id, list_name, entry_type, *position)
    return [ListEntry.from_row(row) for row in rows]


async def _write_all(
    connection: Connection, tenant_id: UUID, read: Iterator[NewEntry | LineProblem], actor: Actor, now: datetime
) -> ImportResult:
    await connection.execute(LOCK_TENANT, str(tenant_id))
    added = changed = unchanged = expired = 0
    by_list: Counter[str] = Counter()
    problems: list[LineProblem] = []
    while batch := list(islice(read, BATCH)):
        problems += [each for each in batch if isinstance(each, LineProblem)]
        entries = [each for each in batch if isinstance(each, NewEntry)]
        current = [each for each in entries if each.expires_at is None or each.expires_at > now]
        expired += len(entries) - len(current)
        # Of lines that name the same entry, the last one counts.
        unique = {(each.type, each.value, each.list): each for each in current}
        written = Counter(await _upsert(connection, tenant_id, list(unique.values()), actor))
        added += written[True]
        changed += written[False]
        unchanged += len(current) - written.total()
        by_list.update(each.list for each in current)
    await check_number(connection, tenant_id)
    after = {"added": added, "changed": changed, "unchanged": unchanged, "lines": dict(by_list)}
    await write_audit_line(connection, tenant_id, actor, action="list.import", subject="list entries", after=after)
    return ImportResult(added, changed, unchanged, expired, len(problems), tuple(problems[:MAX_PROBLEMS]))


async def _upsert(connection: Connection, tenant_id: UUID, entries: Sequence[NewEntry], actor: Actor) -> list[bool]:
    """Return for each entry that was written whether it is new."""
    rows = [(uuid7(), each.list, each.type.value, each.value, each.reason, each.expires_at) for each in entries]
    columns = list(zip(*rows, strict=True)) or [()] * 6
    written = await connection.fetch(UPSERT_ENTRIES, tenant_id, actor.name, *columns)
    return [row["is_new"] for row in written]
