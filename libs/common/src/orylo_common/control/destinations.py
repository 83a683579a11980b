"""Destinations: add, replace, change, disable."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from orylo_common.control.audit import Actor, write_audit_line
from orylo_common.control.errors import InvalidChange
from orylo_common.control.keyring import Keyring
from orylo_common.ids import uuid7
from orylo_common.postgres.pool import Connection

COLUMNS = "id, kind, name, config, enabled, created_at, updated_at"
SELECT_BY_ID = f"SELECT {COLUMNS} FROM control.destinations WHERE tenant_id = $1 AND id = $2"  # noqa: S608
SELECT_BY_NAME = f"""
    SELECT {COLUMNS} FROM control.destinations WHERE tenant_id = $1 AND kind = $2 AND name = $3 FOR UPDATE
"""  # noqa: S608
INSERT = f"""
    INSERT INTO control.destinations (id, tenant_id, kind, name, config, secret_encrypted)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (tenant_id, kind, name) DO NOTHING
    RETURNING {COLUMNS}
"""  # noqa: S608
UPDATE = f"""
    UPDATE control.destinations SET config = $3, enabled = $4, updated_at = now()
    WHERE tenant_id = $1 AND id = $2
    RETURNING {COLUMNS}
"""  # noqa: S608
# A statement of its own: a role that may write secrets may not read them, not even to keep one.
REPLACE_SECRET = "UPDATE control.destinations SET secret_encrypted = $3 WHERE tenant_id = $1 AND id = $2"  # noqa: S105


@dataclass(frozen=True, slots=True)
class StoredDestination:
    """A destination without its secret. `config` depends on the kind, such as `pixel_id`."""

    id: UUID
    kind: str
    name: str
    config: dict[str, Any] = field(hash=False)
    enabled: bool
    created_at: datetime
    updated_at: datetime

    @property
    def subject(self) -> str:
        return f"destination {self.kind} {self.name}"

    @property
    def audited(self) -> dict[str, Any]:
        return {"config": self.config, "enabled": self.enabled}


async def find_destination(
    connection: Connection, tenant_id: UUID, destination_id: UUID, *, for_update: bool = False
) -> StoredDestination | None:
    row = await connection.fetchrow(SELECT_BY_ID + (" FOR UPDATE" if for_update else ""), tenant_id, destination_id)
    return None if row is None else StoredDestination(**row)


async def create_destination(
    connection: Connection,
    keyring: Keyring,
    tenant_id: UUID,
    kind: str,
    *,
    name: str,
    config: Mapping[str, Any],
    secret: str,
    actor: Actor,
) -> StoredDestination:
    """Add a destination. Raises `InvalidChange` if the tenant has one with this kind and name."""
    row = await connection.fetchrow(INSERT, uuid7(), tenant_id, kind, name, dict(config), keyring.encrypt(secret))
    if row is None:
        raise InvalidChange(f"the tenant already has a destination {kind} {name!r}")
    created = StoredDestination(**row)
    await write_audit_line(
        connection, tenant_id, actor, action="destination.add", subject=created.subject, after=created.audited
    )
    return created


async def add_destination(
    connection: Connection,
    keyring: Keyring,
    tenant_id: UUID,
    kind: str,
    *,
    name: str,
    config: Mapping[str, Any],
    secret: str,
    actor: Actor,
) -> UUID:
    """Add a destination, or replace the one with the same kind and name. Return its id."""
    row = await connection.fetchrow(SELECT_BY_NAME, tenant_id, kind, name)
    if row is None:
        created = await create_destination(
            connection, keyring, tenant_id, kind, name=name, config=config, secret=secret, actor=actor
        )
        return created.id
    known = StoredDestination(**row)
    replaced = await _update(
        connection, tenant_id, known, config=config, enabled=True, encrypted=keyring.encrypt(secret)
    )
    await _write_line(connection, tenant_id, actor, "destination.replace", known, replaced.audited)
    return known.id


async def change_destination(
    connection: Connection,
    keyring: Keyring,
    tenant_id: UUID,
    known: StoredDestination,
    *,
    config: Mapping[str, Any],
    enabled: bool,
    secret: str | None,
    actor: Actor,
) -> StoredDestination:
    """Change a destination. Without a `secret` it keeps its own. Deliveries of a disabled one wait."""
    encrypted = None if secret is None else keyring.encrypt(secret)
    changed = await _update(connection, tenant_id, known, config=config, enabled=enabled, encrypted=encrypted)
    after = changed.audited if secret is None else changed.audited | {"secret": "replaced"}
    await _write_line(connection, tenant_id, actor, "destination.change", known, after)
    return changed


async def disable_destination(connection: Connection, tenant_id: UUID, kind: str, *, name: str, actor: Actor) -> None:
    """Stop sending. Due deliveries wait; adding the destination again enables it. Raises `InvalidChange`."""
    row = await connection.fetchrow(SELECT_BY_NAME, tenant_id, kind, name)
    if row is None or not row["enabled"]:
        raise InvalidChange(f"the tenant has no enabled destination {kind} {name!r}")
    known = StoredDestination(**row)
    disabled = await _update(connection, tenant_id, known, config=known.config, enabled=False, encrypted=None)
    await _write_line(connection, tenant_id, actor, "destination.disable", known, disabled.audited)


async def _update(
    connection: Connection,
    tenant_id: UUID,
    known: StoredDestination,
    *,
    config: Mapping[str, Any],
    enabled: bool,
    encrypted: bytes | None,
) -> StoredDestination:
    if encrypted is not None:
        await connection.execute(REPLACE_SECRET, tenant_id, known.id, encrypted)
    [row] = await connection.fetch(UPDATE, tenant_id, known.id, dict(config), enabled)
    return StoredDestination(**row)


async def _write_line(
    connection: Connection,
    tenant_id: UUID,
    actor: Actor,
    action: str,
    before: StoredDestination,
    after: dict[str, Any],
) -> None:
    await write_audit_line(
        connection, tenant_id, actor, action=action, subject=before.subject, before=before.audited, after=after
    )
