"""Dashboard users: create, change, disable, remove, list."""

import asyncio
import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from orylo_common.control.audit import Actor, write_audit_line
from orylo_common.control.errors import InvalidChange, LastOwner
from orylo_common.control.models import Role
from orylo_common.control.passwords import MIN_PASSWORD_CHARACTERS, hash_password
from orylo_common.control.second_factor import lock_second_factor, remove_second_factor
from orylo_common.ids import uuid7
from orylo_common.postgres.pool import Connection

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s.]{2,}")

INSERT_USER = """
    INSERT INTO control.users (id, tenant_id, email, password_hash, role) VALUES ($1, $2, $3, $4, $5)
"""
SET_DISABLED = """
    UPDATE control.users SET disabled_at = CASE WHEN $3 THEN now() END
    WHERE tenant_id = $1 AND email = $2 AND (disabled_at IS NOT NULL) <> $3
    RETURNING role
"""
SELECT_USERS = """
    SELECT id, email, role, totp_secret_encrypted IS NOT NULL AS second_factor, created_at, disabled_at
    FROM control.users WHERE tenant_id = $1 ORDER BY email
"""
# Of two concurrent changes, the second sees the first: an owner must remain.
LOCK_TENANT = "SELECT FROM control.tenants WHERE id = $1 FOR UPDATE"
SELECT_USER = "SELECT email, role, disabled_at FROM control.users WHERE tenant_id = $1 AND id = $2"
SELECT_OTHER_OWNER = """
    SELECT EXISTS (
        SELECT FROM control.users WHERE tenant_id = $1 AND id <> $2 AND role = 'owner' AND disabled_at IS NULL
    )
"""
SET_ROLE = "UPDATE control.users SET role = $3 WHERE tenant_id = $1 AND id = $2"
DELETE_USER = "DELETE FROM control.users WHERE tenant_id = $1 AND id = $2"
SELECT_USER_ID = "SELECT id FROM control.users WHERE tenant_id = $1 AND email = $2"


@dataclass(frozen=True, slots=True)
class UserSummary:
    id: UUID
    email: str
    role: str
    second_factor: bool
    created_at: datetime
    disabled_at: datetime | None


async def create_user(
    connection: Connection, tenant_id: UUID, email: str, *, password: str, role: Role, actor: Actor
) -> UUID:
    """Create a user and return its id. Raises `InvalidChange`."""
    email = _normalised(email)
    if not _EMAIL.fullmatch(email):
        raise InvalidChange("not a valid email address")
    if len(password) < MIN_PASSWORD_CHARACTERS:
        raise InvalidChange(f"a password must have at least {MIN_PASSWORD_CHARACTERS} characters")
    user_id = uuid7()
    try:
        password_hash = await asyncio.to_thread(hash_password, password)
        await connection.execute(INSERT_USER, user_id, tenant_id, email, password_hash, role)
    except asyncpg.UniqueViolationError:
        raise InvalidChange("the tenant already has a user with this email address") from None
    after = {"email": email, "role": role}
    await write_audit_line(connection, tenant_id, actor, action="user.create", subject=f"user {email}", after=after)
    return user_id


async def change_role(connection: Connection, tenant_id: UUID, user_id: UUID, role: Role, *, actor: Actor) -> None:
    """Change what a user may do, at once. Raises `InvalidChange`, and `LastOwner`."""
    user = await _lock_user(connection, tenant_id, user_id)
    if user["role"] == role:
        return
    await _check_owner_remains(connection, tenant_id, user_id, user)
    await connection.execute(SET_ROLE, tenant_id, user_id, role)
    await write_audit_line(
        connection,
        tenant_id,
        actor,
        action="user.change_role",
        subject=f"user {user['email']}",
        before={"role": user["role"]},
        after={"role": role},
    )


async def remove_user(connection: Connection, tenant_id: UUID, user_id: UUID, *, actor: Actor) -> None:
    """Delete a user, which also ends their sessions. Raises `InvalidChange`, and `LastOwner`."""
    user = await _lock_user(connection, tenant_id, user_id)
    await _check_owner_remains(connection, tenant_id, user_id, user)
    await connection.execute(DELETE_USER, tenant_id, user_id)
    before, subject = {"role": user["role"]}, f"user {user['email']}"
    await write_audit_line(connection, tenant_id, actor, action="user.remove", subject=subject, before=before)


async def check_owner_remains(connection: Connection, tenant_id: UUID, user_id: UUID) -> None:
    """Raise `LastOwner` if the tenant would have no active owner without this one."""
    await _check_owner_remains(connection, tenant_id, user_id, await _lock_user(connection, tenant_id, user_id))


async def disable_user(connection: Connection, tenant_id: UUID, email: str, *, actor: Actor) -> None:
    """Disable a user, which also ends their sessions. Raises `InvalidChange`."""
    if not await _set_disabled(connection, tenant_id, _normalised(email), disabled=True, actor=actor):
        raise InvalidChange("the tenant has no active user with this email address")


async def enable_user(connection: Connection, tenant_id: UUID, email: str, *, actor: Actor) -> None:
    """Enable a disabled user. Does nothing if the user is active or unknown."""
    await _set_disabled(connection, tenant_id, _normalised(email), disabled=False, actor=actor)


async def disable_second_factor(connection: Connection, tenant_id: UUID, email: str, *, actor: Actor) -> None:
    """Let a user who lost the second factor sign in with the password alone. Raises `InvalidChange`."""
    email = _normalised(email)
    user_id = await connection.fetchval(SELECT_USER_ID, tenant_id, email)
    if user_id is None:
        raise InvalidChange("the tenant has no user with this email address")
    if (await lock_second_factor(connection, tenant_id, user_id)).active is None:
        raise InvalidChange("the user has no second factor")
    await remove_second_factor(connection, tenant_id, user_id)
    await write_audit_line(
        connection, tenant_id, actor, action="second_factor.disable", subject=f"user {email}", before={"enabled": True}
    )


async def list_users(connection: Connection, tenant_id: UUID) -> list[UserSummary]:
    return [UserSummary(**row) for row in await connection.fetch(SELECT_USERS, tenant_id)]


async def _lock_user(connection: Connection, tenant_id: UUID, user_id: UUID) -> asyncpg.Record:
    await connection.execute(LOCK_TENANT, tenant_id)
    user = await connection.fetchrow(SELECT_USER, tenant_id, user_id)
    if user is None:
        raise InvalidChange("the tenant has no such user")
    return user


async def _check_owner_remains(connection: Connection, tenant_id: UUID, user_id: UUID, user: asyncpg.Record) -> None:
    is_owner = user["role"] == Role.OWNER and user["disabled_at"] is None
    if is_owner and not await connection.fetchval(SELECT_OTHER_OWNER, tenant_id, user_id):
        raise LastOwner("the tenant needs an owner, and this is the only one")


async def _set_disabled(connection: Connection, tenant_id: UUID, email: str, *, disabled: bool, actor: Actor) -> bool:
    role = await connection.fetchval(SET_DISABLED, tenant_id, email, disabled)
    if role is None:
        return False
    await write_audit_line(
        connection,
        tenant_id,
        actor,
        action="user.disable" if disabled else "user.enable",
        subject=f"user {email}",
        before={"role": role, "disabled": not disabled},
        after={"role": role, "disabled": disabled},
    )
    return True


def _normalised(email: str) -> str:
    return email.strip().lower()
