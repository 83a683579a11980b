"""Changes to the control plane, for those who may write it: the API and the command line."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import ip_network
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import asyncpg

from orylo_common.control.keyring import Keyring
from orylo_common.control.models import LiveMode, Mode, Role, Tenant
from orylo_common.control.passwords import MIN_PASSWORD_CHARACTERS, hash_password
from orylo_common.ids import uuid7
from orylo_common.postgres.pool import Connection

API_KEY_PREFIX = "orylo_"
_SLUG = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s.]{2,}")

INSERT_TENANT = "INSERT INTO control.tenants (id, slug, name) VALUES ($1, $2, $3)"
SELECT_TENANT = "SELECT id, slug, name FROM control.tenants WHERE slug = $1 OR id::text = $1"
INSERT_USER = """
    INSERT INTO control.users (id, tenant_id, email, password_hash, role) VALUES ($1, $2, $3, $4, $5)
"""
INSERT_API_KEY = """
    INSERT INTO control.api_keys (id, tenant_id, name, key_hash, role) VALUES ($1, $2, $3, $4, $5)
"""
DISABLE_USER = (
    "UPDATE control.users SET disabled_at = now() WHERE tenant_id = $1 AND email = $2 AND disabled_at IS NULL"
)
REVOKE_API_KEY = (
    "UPDATE control.api_keys SET revoked_at = now() WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL"
)
DISABLE_DESTINATION = """
    UPDATE control.destinations SET enabled = false, updated_at = now()
    WHERE tenant_id = $1 AND kind = $2 AND name = $3 AND enabled
"""
UPSERT_GATEWAY = """
    INSERT INTO control.gateways (tenant_id, gateway, enabled, mode, accept, allowed_networks, timezone)
    VALUES ($1, $2, $3, $4, $5, $6::text[]::cidr[], $7)
    ON CONFLICT (tenant_id, gateway) DO UPDATE SET
        enabled = EXCLUDED.enabled, mode = EXCLUDED.mode, accept = EXCLUDED.accept,
        allowed_networks = EXCLUDED.allowed_networks, timezone = EXCLUDED.timezone, updated_at = now()
"""
UPSERT_GATEWAY_KEY = """
    INSERT INTO control.gateway_secrets (id, tenant_id, gateway, label, secret_encrypted) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (tenant_id, gateway, label) DO UPDATE SET
        secret_encrypted = EXCLUDED.secret_encrypted, created_at = now(), last_used_at = NULL
"""
DELETE_GATEWAY_KEY = "DELETE FROM control.gateway_secrets WHERE tenant_id = $1 AND gateway = $2 AND label = $3"
UPSERT_DESTINATION = """
    INSERT INTO control.destinations (id, tenant_id, kind, name, config, secret_encrypted)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (tenant_id, kind, name) DO UPDATE SET
        config = EXCLUDED.config, secret_encrypted = EXCLUDED.secret_encrypted, enabled = true, updated_at = now()
    RETURNING id
"""
SELECT_SECRETS = """
    SELECT secret_encrypted FROM control.gateway_secrets UNION ALL SELECT secret_encrypted FROM control.destinations
"""


class Refused(Exception):
    """The change was not made; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class NewApiKey:
    """`key` is shown once: only its hash is kept."""

    id: UUID
    key: str


async def create_tenant(connection: Connection, slug: str, *, name: str | None = None) -> Tenant:
    if not _SLUG.fullmatch(slug):
        raise Refused(f"{slug!r} is no slug: up to 63 lower-case letters, digits and inner hyphens")
    tenant = Tenant(uuid7(), slug, name or slug)
    try:
        await connection.execute(INSERT_TENANT, tenant.id, tenant.slug, tenant.name)
    except asyncpg.UniqueViolationError:
        raise Refused(f"tenant {slug!r} exists already") from None
    return tenant


async def find_tenant(connection: Connection, slug_or_id: str) -> Tenant:
    row = await connection.fetchrow(SELECT_TENANT, slug_or_id)
    if row is None:
        raise Refused(f"no tenant {slug_or_id!r}")
    return Tenant(row["id"], row["slug"], row["name"])


async def create_user(connection: Connection, tenant_id: UUID, email: str, *, password: str, role: Role) -> UUID:
    email = email.strip().lower()
    if not _EMAIL.fullmatch(email):
        raise Refused("that is no e-mail address")
    if len(password) < MIN_PASSWORD_CHARACTERS:
        raise Refused(f"a password has at least {MIN_PASSWORD_CHARACTERS} characters")
    user_id = uuid7()
    try:
        await connection.execute(INSERT_USER, user_id, tenant_id, email, hash_password(password), role)
    except asyncpg.UniqueViolationError:
        raise Refused("the tenant has a user with that e-mail address already") from None
    return user_id


async def disable_user(connection: Connection, tenant_id: UUID, email: str) -> None:
    """Their sessions end with it."""
    if await connection.execute(DISABLE_USER, tenant_id, email.strip().lower()) == "UPDATE 0":
        raise Refused("the tenant has no active user with that e-mail address")


async def create_api_key(connection: Connection, tenant_id: UUID, *, name: str, role: Role) -> NewApiKey:
    new = NewApiKey(uuid7(), API_KEY_PREFIX + secrets.token_urlsafe(32))
    await connection.execute(INSERT_API_KEY, new.id, tenant_id, name, hash_api_key(new.key), role)
    return new


async def revoke_api_key(connection: Connection, tenant_id: UUID, key_id: UUID) -> None:
    if await connection.execute(REVOKE_API_KEY, tenant_id, key_id) == "UPDATE 0":
        raise Refused(f"the tenant has no API key {key_id} that is not revoked")


def hash_api_key(key: str) -> bytes:
    return sha256(key.encode()).digest()


async def set_gateway(
    connection: Connection,
    tenant_id: UUID,
    gateway: str,
    *,
    enabled: bool = True,
    mode: Mode = "native",
    accept: frozenset[LiveMode] = frozenset({"live", "test"}),
    allowed_networks: tuple[str, ...] = (),
    timezone: str | None = None,
) -> None:
    """Switch a gateway on or off and say how it authenticates; its secrets stay as they are.

    `timezone` is what its stamps without a zone are in, where that is not the gateway's usual one.
    """
    try:
        if timezone is not None:
            ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Refused(f"{timezone!r} is no time zone: write one like America/Sao_Paulo, or UTC") from None
    try:
        # PostgreSQL takes 10 for 10.0.0.0/8 too, and 1.2.3 for 1.2.3.0/24: more than whoever left something out meant.
        networks = [str(ip_network(network)) for network in allowed_networks]
        await connection.execute(UPSERT_GATEWAY, tenant_id, gateway, enabled, mode, sorted(accept), networks, timezone)
    except (ValueError, asyncpg.InvalidTextRepresentationError, asyncpg.DataError):
        raise Refused("a network is written like 203.0.113.0/24, its host bits zero") from None


async def check_master_key(connection: Connection, keyring: Keyring) -> None:
    """Raises `Refused` for keys that open none of the secrets stored so far: the services have others."""
    stored = [row["secret_encrypted"] for row in await connection.fetch(SELECT_SECRETS)]
    if stored and not any(map(keyring.opens, stored)):
        raise Refused(
            "ORYLO_MASTER_KEY opens none of the stored secrets: give the key that the services have. "
            "Where that is lost, give them the new one, and add --key-lost here"
        )


async def put_gateway_secret(
    connection: Connection, keyring: Keyring, tenant_id: UUID, gateway: str, *, label: str, secret: str
) -> None:
    """Add a secret, or replace the one with the same label. All of a gateway's secrets are active."""
    if not secret:
        raise Refused("an empty secret authenticates anybody")
    await connection.execute(UPSERT_GATEWAY_KEY, uuid7(), tenant_id, gateway, label, keyring.encrypt(secret))


async def remove_gateway_secret(connection: Connection, tenant_id: UUID, gateway: str, *, label: str) -> None:
    if await connection.execute(DELETE_GATEWAY_KEY, tenant_id, gateway, label) == "DELETE 0":
        raise Refused(f"{gateway} has no secret labelled {label!r}")


async def add_destination(
    connection: Connection,
    keyring: Keyring,
    tenant_id: UUID,
    kind: str,
    *,
    name: str,
    config: Mapping[str, Any],
    secret: str,
) -> UUID:
    """Add a destination, or replace the one of the same kind and name; its id."""
    destination_id: UUID = await connection.fetchval(
        UPSERT_DESTINATION, uuid7(), tenant_id, kind, name, dict(config), keyring.encrypt(secret)
    )
    return destination_id


async def disable_destination(connection: Connection, tenant_id: UUID, kind: str, *, name: str) -> None:
    """What is due waits; adding it again switches it on."""
    if await connection.execute(DISABLE_DESTINATION, tenant_id, kind, name) == "UPDATE 0":
        raise Refused(f"the tenant has no destination {kind} {name!r} that is switched on")
