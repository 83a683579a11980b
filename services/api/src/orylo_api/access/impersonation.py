"""Operators enter a tenant for a while, as viewers. Both audit logs, the tenant's and the platform's, say who and why.

An impersonation belongs to the operator's session. Once it ends, the session is in the operator's own tenant again.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from orylo_api.access.identity import Impersonation, Principal
from orylo_api.access.models import Identity, ImpersonationNotice, TenantIdentity
from orylo_api.access.roles import Permission, permissions_of
from orylo_api.errors import Conflict
from orylo_api.settings import Settings
from orylo_common.clock import Clock
from orylo_common.control.audit import Actor, write_audit_line
from orylo_common.control.switches import PLATFORM
from orylo_common.ids import uuid7
from orylo_common.postgres.pool import Connection

LIFETIME = timedelta(minutes=30)
END_FORGOTTEN_EVERY = timedelta(minutes=1)

INSERT_IMPERSONATION = """
    INSERT INTO api.impersonations
        (tenant_id, id, session_id, user_id, operator, reason, address, user_agent, started_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
END_IMPERSONATION = """
    UPDATE api.impersonations SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL
    RETURNING tenant_id, id, user_id, operator, address, user_agent
"""
# Those whose time is over, and those whose session ended before.
END_FORGOTTEN = """
    UPDATE api.impersonations AS i SET ended_at = least(i.expires_at, $1)
    WHERE i.ended_at IS NULL AND ($2::uuid IS NULL OR i.session_id = $2) AND (i.expires_at <= $1 OR NOT EXISTS (
        SELECT FROM api.sessions AS s JOIN control.users AS u ON u.tenant_id = s.tenant_id AND u.id = s.user_id
        WHERE s.id = i.session_id AND s.revoked_at IS NULL AND u.disabled_at IS NULL AND u.role = 'operator'
    ))
    RETURNING tenant_id, id, user_id, operator, address, user_agent
"""
SELECT_SLUG = "SELECT slug FROM control.tenants WHERE id = $1"


async def enter_tenant(
    connection: Connection, operator: Principal, tenant_id: UUID, *, reason: str, actor: Actor, now: datetime
) -> Impersonation:
    """Let an operator's session be in the tenant until it leaves. Raises `Conflict` if it has entered one."""
    if operator.session_id is None:
        raise Conflict("an API key cannot enter a tenant; sign in as a user", code="session_needed")
    # The last one may be over without having been ended.
    await _end_forgotten(connection, now, operator.session_id)
    entered = Impersonation(uuid7(), reason, now + LIFETIME)
    try:
        await connection.execute(
            INSERT_IMPERSONATION,
            tenant_id,
            entered.id,
            operator.session_id,
            operator.id,
            operator.name,
            reason,
            actor.address,
            actor.user_agent,
            now,
            entered.until,
        )
    except asyncpg.UniqueViolationError:
        raise Conflict("your session has entered a tenant; leave it first", code="already_entered") from None
    after = {"reason": reason, "until": entered.until.isoformat()}
    await _note(connection, tenant_id, actor, "impersonation.enter", now, after)
    return entered


async def leave_tenant(connection: Connection, impersonation: Impersonation, *, now: datetime) -> None:
    """End an impersonation. Does nothing if it has ended meanwhile."""
    row = await connection.fetchrow(END_IMPERSONATION, impersonation.id, now)
    if row is not None:
        await _note(connection, row["tenant_id"], _actor(row), "impersonation.leave", now, {})


async def end_forgotten(connection: Connection, clock: Clock) -> None:
    """Record the end of impersonations that were not left."""
    await _end_forgotten(connection, clock.now())


async def _end_forgotten(connection: Connection, now: datetime, session_id: UUID | None = None) -> None:
    for row in await connection.fetch(END_FORGOTTEN, now, session_id):
        await _note(connection, row["tenant_id"], _actor(row), "impersonation.expire", now, {})


def _actor(row: asyncpg.Record) -> Actor:
    return Actor("user", row["user_id"], row["operator"], row["address"], row["user_agent"])


async def _note(
    connection: Connection, tenant_id: UUID, actor: Actor, action: str, now: datetime, after: dict[str, Any]
) -> None:
    subject = f"tenant {await connection.fetchval(SELECT_SLUG, tenant_id) or tenant_id}"
    for log in (tenant_id, PLATFORM):
        await write_audit_line(connection, log, actor, action=action, subject=subject, after=after or None, at=now)


def identity_of(principal: Principal, settings: Settings) -> Identity:
    visit = principal.impersonation
    return Identity(
        kind=principal.kind,
        id=principal.id,
        name=principal.name,
        role=principal.role,
        permissions=[Permission.READ] if visit else permissions_of(principal.role),
        tenant=TenantIdentity(id=principal.tenant.id, slug=principal.tenant.slug, name=principal.tenant.name),
        impersonation=ImpersonationNotice(operator=principal.name, reason=visit.reason, until=visit.until)
        if visit
        else None,
        demo=settings.api_loopback_names_only,
    )
