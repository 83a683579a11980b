"""Users of all tenants, and their sessions. The transaction sees every tenant."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from orylo_api.access.models import TenantIdentity
from orylo_api.errors import NotFound
from orylo_api.http.pages import Listing, Where, fetch_page
from orylo_api.platform.user_models import PlatformUser, UserFilter, UserPage, UserSearch
from orylo_common.postgres.pool import Connection

USERS = Listing("control.users", "id", UUID)
SELECT_USER = "SELECT * FROM control.users WHERE id = $1"
SELECT_ABOUT = """
    SELECT u.id, t.id AS tenant_id, t.slug, t.name, s.open AS sessions, s.last_seen_at
    FROM control.users AS u JOIN control.tenants AS t ON t.id = u.tenant_id
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE revoked_at IS NULL AND expires_at > $2) AS open, max(created_at) AS last_seen_at
        FROM api.sessions WHERE tenant_id = u.tenant_id AND user_id = u.id
    ) AS s
    WHERE u.id = ANY ($1)
"""
REVOKE_ALL = """
    WITH ended AS (
        UPDATE api.sessions SET revoked_at = $3, revoked_reason = $4
        WHERE tenant_id = $1 AND user_id = $2 AND revoked_at IS NULL AND expires_at > $3
        RETURNING id
    )
    SELECT count(*) FROM ended
"""


async def list_users(connection: Connection, query: UserFilter, now: datetime) -> UserPage:
    where = Where()
    if query.tenant is not None:
        where.seek("tenant_id = {}", query.tenant)
    if query.role is not None:
        where.filter("role = {}", query.role.value)
    if query.state is not None:
        where.filter(f"disabled_at IS {'NOT NULL' if query.state == 'disabled' else 'NULL'}")
    if isinstance(query, UserSearch):
        where.filter("position(lower({}) IN email) > 0", query.email)
    rows, next_cursor = await fetch_page(connection, USERS, where, query)
    return UserPage(items=await _shown(connection, rows, now), next_cursor=next_cursor)


async def find_user(connection: Connection, user_id: UUID, now: datetime) -> PlatformUser:
    """Raises `NotFound`."""
    row = await connection.fetchrow(SELECT_USER, user_id)
    if row is None:
        raise NotFound("there is nothing with this id")
    (user,) = await _shown(connection, [row], now)
    return user


async def revoke_all(connection: Connection, user: PlatformUser, reason: str, now: datetime) -> int:
    """End the user's sessions. Return how many were open."""
    ended: int = await connection.fetchval(REVOKE_ALL, user.tenant.id, user.id, now, reason)
    return ended


async def _shown(connection: Connection, users: Sequence[asyncpg.Record], now: datetime) -> list[PlatformUser]:
    ids = [row["id"] for row in users]
    about = {row["id"]: row for row in await connection.fetch(SELECT_ABOUT, ids, now)}
    return [
        PlatformUser.from_row(
            row,
            tenant=TenantIdentity(id=other["tenant_id"], slug=other["slug"], name=other["name"]),
            second_factor=row["totp_secret_encrypted"] is not None,
            sessions=other["sessions"],
            last_seen_at=other["last_seen_at"],
        )
        for row in users
        if (other := about.get(row["id"])) is not None
    ]
