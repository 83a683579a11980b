"""Entries that the platform itself adds, such as those of a rule that found something."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from orylo_common.control.lists.entries import NewEntry
from orylo_common.ids import uuid7
from orylo_common.postgres.pool import Connection

# Sorted, or two replicas that add the same entries would deadlock. An entry in effect stays as it is.
ADD_ENTRIES = """
    INSERT INTO control.list_entries AS e (tenant_id, id, list, type, value, reason, added_by, expires_at)
    SELECT DISTINCT ON (tenant_id, type, value, list) *
    FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[])
        AS given (tenant_id, id, list, type, value, reason, added_by, expires_at)
    WHERE EXISTS (SELECT FROM control.tenants AS t WHERE t.id = given.tenant_id)
    ORDER BY tenant_id, type, value, list
    ON CONFLICT (tenant_id, type, value, list) DO UPDATE SET
        id = EXCLUDED.id, reason = EXCLUDED.reason, added_by = EXCLUDED.added_by, expires_at = EXCLUDED.expires_at,
        created_at = now(), updated_at = now()
    WHERE e.expires_at <= now()
"""


@dataclass(frozen=True, slots=True)
class Addition:
    """An entry of one tenant. `added_by` names what added it, such as `rule:night purchases`."""

    tenant_id: UUID
    entry: NewEntry
    added_by: str


async def add_entries(connection: Connection, additions: Sequence[Addition]) -> None:
    """Add the entries that are not on their lists yet. They have no line in the audit log: each entry names its author.

    Safe to repeat, as after a message that was delivered again.
    """
    rows = [
        (
            each.tenant_id,
            uuid7(),
            each.entry.list,
            each.entry.type.value,
            each.entry.value,
            each.entry.reason,
            each.added_by,
            each.entry.expires_at,
        )
        for each in additions
    ]
    if rows:
        await connection.execute(ADD_ENTRIES, *zip(*rows, strict=True))
