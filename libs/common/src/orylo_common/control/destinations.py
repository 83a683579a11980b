"""Destinations: add, replace, disable."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from orylo_common.control.audit import Actor, write_audit_line
from orylo_common.control.errors import InvalidChange
from orylo_common.control.keyring import Keyring
from orylo_common.ids import uuid7
from orylo_common.postgres.pool import Connection

SELECT_DESTINATION = """
    SELECT config, enabled FROM control.destinations WHERE tenant_id = $1 AND kind = $2 AND name = $3 FOR UPDATE
"""
UPSERT_DESTINATION = """
    INSERT INTO control.destinations (id, tenant_id, kind, name, config, secret_encrypted)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (tenant_id, kind, name) DO UPDATE SET
        config = EXCLUDED.config, secret_encrypted = EXCLUDED.secret_encrypted, enabled = true, updated_at = now()
    RETURNING id
"""
DISABLE_DESTINATION = """
    UPDATE control.destinations SET enabled = false, updated_at = now()
    WHERE tenant_id = $1 AND kind = $2 AND name = $3 AND enabled
    RETURNING config
"""


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
    known = await connection.fetchrow(SELECT_DESTINATION, tenant_id, kind, name)
    destination_id: UUID = await connection.fetchval(
        UPSERT_DESTINATION, uuid7(), tenant_id, kind, name, dict(config), keyring.encrypt(secret)
    )
    await write_audit_line(
        connection,
        tenant_id,
        actor,
        action="destination.replace" if known else "destination.add",
        subject=f"destination {kind} {name}",
        before={"config": known["config"], "enabled": known["enabled"]} if known else None,
        after={"config": dict(config), "enabled": True},
    )
    return destination_id


async def disable_destination(connection: Connection, tenant_id: UUID, kind: str, *, name: str, actor: Actor) -> None:
    """Stop sending. Due deliveries wait; adding the destination again enables it. Raises `InvalidChange`."""
    row = await connection.fetchrow(DISABLE_DESTINATION, tenant_id, kind, name)
    if row is None:
        raise InvalidChange(f"the tenant has no enabled destination {kind} {name!r}")
    await write_audit_line(
        connection,
        tenant_id,
        actor,
        action="destination.disable",
        subject=f"destination {kind} {name}",
        before={"config": row["config"], "enabled": True},
        after={"config": row["config"], "enabled": False},
    )
