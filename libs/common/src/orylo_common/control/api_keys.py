"""API keys: create, revoke, list."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from orylo_common.control.audit import Actor, write_audit_line
from orylo_common.control.errors import InvalidChange
from orylo_common.control.models import Role
from orylo_common.ids import uuid7
from orylo_common.postgres.pool import Connection

API_KEY_PREFIX = "orylo_"

INSERT_API_KEY = """
    INSERT INTO control.api_keys (id, tenant_id, name, key_hash, role) VALUES ($1, $2, $3, $4, $5)
"""
REVOKE_API_KEY = """
    UPDATE control.api_keys SET revoked_at = now() WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL
    RETURNING name, role
"""
SELECT_API_KEYS = """
    SELECT id, name, role, created_at, last_used_at, revoked_at FROM control.api_keys
    WHERE tenant_id = $1 ORDER BY created_at
"""


@dataclass(frozen=True, slots=True)
class NewApiKey:
    """A new key. Only its hash is stored, so this is the one time it can be shown."""

    id: UUID
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ApiKeySummary:
    id: UUID
    name: str
    role: str
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


async def create_api_key(connection: Connection, tenant_id: UUID, *, name: str, role: Role, actor: Actor) -> NewApiKey:
    new = NewApiKey(uuid7(), API_KEY_PREFIX + secrets.token_urlsafe(32))
    await connection.execute(INSERT_API_KEY, new.id, tenant_id, name, hash_api_key(new.key), role)
    after = {"name": name, "role": role}
    await write_audit_line(
        connection, tenant_id, actor, action="api_key.create", subject=f"API key {new.id}", after=after
    )
    return new


async def revoke_api_key(connection: Connection, tenant_id: UUID, key_id: UUID, *, actor: Actor) -> None:
    """Raises `InvalidChange` for an unknown or revoked key."""
    row = await connection.fetchrow(REVOKE_API_KEY, tenant_id, key_id)
    if row is None:
        raise InvalidChange(f"the tenant has no active API key {key_id}")
    await write_audit_line(
        connection,
        tenant_id,
        actor,
        action="api_key.revoke",
        subject=f"API key {key_id}",
        before={**row, "revoked": False},
        after={**row, "revoked": True},
    )


async def list_api_keys(connection: Connection, tenant_id: UUID) -> list[ApiKeySummary]:
    return [ApiKeySummary(**row) for row in await connection.fetch(SELECT_API_KEYS, tenant_id)]


def hash_api_key(key: str) -> bytes:
    return sha256(key.encode()).digest()
