"""Look up callers. This precedes knowing the tenant, so it needs the role that sees all tenants."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import asyncpg

from orylo_api.access.sessions import hash_token
from orylo_common.control import Tenant
from orylo_common.control.api_keys import hash_api_key
from orylo_common.control.models import Role, TenantState
from orylo_common.postgres.pool import Connection

# An impersonation counts while its session, its operator and the operator's own tenant are what they were.
FIND_BY_SESSION = """
    SELECT u.id, u.email, u.role, s.id AS session_id, s.csrf_token, t.id AS tenant_id, t.slug, t.name, t.state,
           e.id AS entered_id, e.slug AS entered_slug, e.name AS entered_name, e.state AS entered_state,
           i.id AS impersonation_id, i.reason, i.expires_at
    FROM api.session_tokens AS k
    JOIN api.sessions AS s ON s.tenant_id = k.tenant_id AND s.id = k.session_id
    JOIN control.users AS u ON u.tenant_id = s.tenant_id AND u.id = s.user_id
    JOIN control.tenants AS t ON t.id = u.tenant_id
    LEFT JOIN api.impersonations AS i ON i.session_id = s.id AND i.ended_at IS NULL AND i.expires_at > $2
        AND u.role = 'operator' AND t.state = 'active'
    LEFT JOIN control.tenants AS e ON e.id = i.tenant_id
    WHERE k.token_hash = $1 AND k.kind = 'access' AND k.expires_at > $2
      AND s.revoked_at IS NULL AND u.disabled_at IS NULL
"""
# The key's last use is recorded at most once a minute: most requests that read should not write.
FIND_BY_KEY = """
    WITH found AS (
        SELECT k.id, k.name AS key_name, k.role, k.last_used_at, t.id AS tenant_id, t.slug, t.name, t.state
        FROM control.api_keys AS k JOIN control.tenants AS t ON t.id = k.tenant_id
        WHERE k.key_hash = $1 AND k.revoked_at IS NULL
    ), recorded AS (
        UPDATE control.api_keys AS k SET last_used_at = $2 FROM found
        WHERE k.id = found.id AND (found.last_used_at IS NULL OR found.last_used_at < $2::timestamptz - $3::interval)
    )
    SELECT id, key_name, role, tenant_id, slug, name, state FROM found
"""
FIND_USERS = """
    SELECT u.id, u.email, u.role, u.password_hash, u.totp_secret_encrypted, t.id AS tenant_id, t.slug, t.name, t.state
    FROM control.users AS u JOIN control.tenants AS t ON t.id = u.tenant_id
    WHERE u.email = $1 AND u.disabled_at IS NULL AND ($2::text IS NULL OR t.slug = $2)
    ORDER BY t.created_at LIMIT $3
"""
FIND_USER = """
    SELECT u.id, u.email, u.role, t.id AS tenant_id, t.slug, t.name, t.state
    FROM control.users AS u JOIN control.tenants AS t ON t.id = u.tenant_id
    WHERE u.tenant_id = $1 AND u.id = $2
"""

RECORD_USE_EVERY = timedelta(minutes=1)
# Every sign-in that names no tenant costs as many verifications of a password: the time of a response must not reveal
# how many accounts there are.
MAX_TENANTS_PER_EMAIL = 5


@dataclass(frozen=True, slots=True)
class Impersonation:
    """An operator's visit to another tenant, in which nothing can be changed."""

    id: UUID
    reason: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller: a user with a session, or a machine with an API key. An impersonating operator is a viewer."""

    kind: Literal["user", "api_key"]
    id: UUID
    name: str
    role: Role
    tenant: Tenant
    # The session's; requests with an API key need none.
    csrf_token: str | None = field(default=None, repr=False)
    session_id: UUID | None = None
    impersonation: Impersonation | None = None


@dataclass(frozen=True, slots=True)
class LoginAccount:
    """A user who may sign in, with the password hash and the second factor's secret."""

    principal: Principal
    password_hash: str = field(repr=False)
    totp_secret_encrypted: bytes | None = field(repr=False)


async def find_by_access_token(connection: Connection, token: str, now: datetime) -> Principal | None:
    row = await connection.fetchrow(FIND_BY_SESSION, hash_token(token), now)
    if row is None:
        return None
    user = replace(_user(row), csrf_token=row["csrf_token"], session_id=row["session_id"])
    if row["entered_id"] is None:
        return user
    return replace(
        user,
        role=Role.VIEWER,
        tenant=Tenant(row["entered_id"], row["entered_slug"], row["entered_name"], TenantState(row["entered_state"])),
        impersonation=Impersonation(row["impersonation_id"], row["reason"], row["expires_at"]),
    )


async def find_by_api_key(connection: Connection, key: str, now: datetime) -> Principal | None:
    # Hashes of 256 random bits are compared: the time that takes reveals nothing about the key.
    row = await connection.fetchrow(FIND_BY_KEY, hash_api_key(key), now, RECORD_USE_EVERY)
    if row is None:
        return None
    return Principal("api_key", row["id"], row["key_name"], Role(row["role"]), _tenant(row))


async def find_accounts(connection: Connection, email: str, tenant_slug: str | None) -> list[LoginAccount]:
    rows = await connection.fetch(FIND_USERS, email, tenant_slug, MAX_TENANTS_PER_EMAIL)
    return [LoginAccount(_user(row), row["password_hash"], row["totp_secret_encrypted"]) for row in rows]


async def find_user(connection: Connection, tenant_id: UUID, user_id: UUID) -> Principal | None:
    row = await connection.fetchrow(FIND_USER, tenant_id, user_id)
    return None if row is None else _user(row)


def _user(row: asyncpg.Record) -> Principal:
    return Principal("user", row["id"], row["email"], Role(row["role"]), _tenant(row))


def _tenant(row: asyncpg.Record) -> Tenant:
    return Tenant(row["tenant_id"], row["slug"], row["name"], TenantState(row["state"]))
