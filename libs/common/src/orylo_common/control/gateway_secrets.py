"""Gateway secrets: add, replace, remove, list. All of a gateway's secrets are active, so one can be rotated."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from orylo_common.control.audit import Actor, write_audit_line
from orylo_common.control.errors import InvalidChange
from orylo_common.control.keyring import Keyring
from orylo_common.ids import uuid7
from orylo_common.postgres.pool import Connection

# What people enter. A shorter secret is a typing error, or can be guessed.
MIN_SECRET_CHARACTERS = 6

# `xmax` is 0 for an inserted row.
UPSERT_ROW = """
    INSERT INTO control.gateway_secrets (id, tenant_id, gateway, label, secret_encrypted) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (tenant_id, gateway, label) DO UPDATE SET
        secret_encrypted = EXCLUDED.secret_encrypted, created_at = now(), last_used_at = NULL
    RETURNING xmax <> 0
"""
DELETE_ROW = "DELETE FROM control.gateway_secrets WHERE tenant_id = $1 AND gateway = $2 AND label = $3"
SELECT_NEWEST = """
    SELECT secret_encrypted FROM control.gateway_secrets
    WHERE tenant_id = $1 AND gateway = $2 ORDER BY created_at DESC LIMIT 1
"""
SELECT_ROWS = """
    SELECT label, created_at, last_used_at FROM control.gateway_secrets
    WHERE tenant_id = $1 AND gateway = $2 ORDER BY created_at DESC
"""


@dataclass(frozen=True, slots=True)
class GatewaySecretSummary:
    label: str
    created_at: datetime
    last_used_at: datetime | None


async def put_gateway_secret(
    connection: Connection, keyring: Keyring, tenant_id: UUID, gateway: str, *, label: str, secret: str, actor: Actor
) -> None:
    """Add a secret, or replace the one with the same label. Raises `InvalidChange` for an empty secret."""
    replaced = await store_gateway_secret(connection, keyring, tenant_id, gateway, label=label, secret=secret)
    await write_audit_line(
        connection,
        tenant_id,
        actor,
        action="gateway_secret.replace" if replaced else "gateway_secret.add",
        subject=f"gateway {gateway}",
        before={"label": label} if replaced else None,
        after={"label": label},
    )


async def remove_gateway_secret(
    connection: Connection, tenant_id: UUID, gateway: str, *, label: str, actor: Actor
) -> None:
    """Raises `InvalidChange` for an unknown label."""
    if await connection.execute(DELETE_ROW, tenant_id, gateway, label) == "DELETE 0":
        raise InvalidChange(f"{gateway} has no secret with the label {label!r}")
    await write_audit_line(
        connection,
        tenant_id,
        actor,
        action="gateway_secret.remove",
        subject=f"gateway {gateway}",
        before={"label": label},
    )


async def list_gateway_secrets(connection: Connection, tenant_id: UUID, gateway: str) -> list[GatewaySecretSummary]:
    """Return the secrets without their values, newest first."""
    return [GatewaySecretSummary(**row) for row in await connection.fetch(SELECT_ROWS, tenant_id, gateway)]


async def read_newest_secret(connection: Connection, keyring: Keyring, tenant_id: UUID, gateway: str) -> str | None:
    """Return the newest secret in clear text, to sign with. Raises `WrongMasterKey`."""
    encrypted = await connection.fetchval(SELECT_NEWEST, tenant_id, gateway)
    return keyring.decrypt(encrypted) if encrypted is not None else None


async def store_gateway_secret(
    connection: Connection, keyring: Keyring, tenant_id: UUID, gateway: str, *, label: str, secret: str
) -> bool:
    """Store a secret without an audit line, for a caller that writes its own. Return whether it replaced one."""
    if not secret:
        raise InvalidChange("the secret is empty: any caller could authenticate with it")
    replaced: bool = await connection.fetchval(UPSERT_ROW, uuid7(), tenant_id, gateway, label, keyring.encrypt(secret))
    return replaced
