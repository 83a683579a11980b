"""Suspend and delete tenants, and take both back.

While a tenant is suspended or to be deleted, its webhooks get 503, its users and API keys are refused, and nothing is
sent to its destinations. Webhooks that were accepted before are kept, and conversions wait.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from orylo_common.control.audit import Actor, write_audit_line
from orylo_common.control.errors import InvalidChange
from orylo_common.control.models import TenantState
from orylo_common.postgres.pool import Connection

# How long a tenant can be restored after its deletion, unless the caller wants another time.
GRACE = timedelta(days=30)
SHORTEST_GRACE, LONGEST_GRACE = timedelta(days=1), timedelta(days=365)

LOCK_STATUS = """
    SELECT slug, state, suspended_at, suspension_reason, delete_at, deletion_reason
    FROM control.tenants WHERE id = $1 FOR UPDATE
"""
SET_SUSPENSION = "UPDATE control.tenants SET suspended_at = $2, suspension_reason = $3 WHERE id = $1"
SET_DELETION = "UPDATE control.tenants SET delete_at = $2, deletion_reason = $3 WHERE id = $1"


@dataclass(frozen=True, slots=True)
class TenantStatus:
    """A tenant's state with its reasons. A suspended tenant that is deleted and restored is suspended again."""

    slug: str
    state: TenantState
    suspended_at: datetime | None
    suspension_reason: str | None
    delete_at: datetime | None
    deletion_reason: str | None


async def suspend_tenant(connection: Connection, tenant_id: UUID, *, reason: str, actor: Actor, now: datetime) -> None:
    """Stop a tenant until it is resumed. Its users see the reason. Raises `InvalidChange`."""
    status = await _lock(connection, tenant_id, TenantState.ACTIVE)
    await connection.execute(SET_SUSPENSION, tenant_id, now, reason)
    await _note(connection, tenant_id, status, actor, "tenant.suspend", TenantState.SUSPENDED, reason=reason)


async def resume_tenant(connection: Connection, tenant_id: UUID, *, actor: Actor) -> None:
    """Let a suspended tenant run again. Raises `InvalidChange`."""
    status = await _lock(connection, tenant_id, TenantState.SUSPENDED)
    await connection.execute(SET_SUSPENSION, tenant_id, None, None)
    await _note(connection, tenant_id, status, actor, "tenant.resume", TenantState.ACTIVE)


async def delete_tenant(
    connection: Connection, tenant_id: UUID, *, reason: str, grace: timedelta, actor: Actor, now: datetime
) -> datetime:
    """Stop a tenant, and delete it after `grace`. Return when. Raises `InvalidChange`."""
    if not SHORTEST_GRACE <= grace <= LONGEST_GRACE:
        raise InvalidChange(f"the grace period must be from {SHORTEST_GRACE.days} to {LONGEST_GRACE.days} days")
    status = await _lock(connection, tenant_id, TenantState.ACTIVE, TenantState.SUSPENDED)
    delete_at = now + grace
    await connection.execute(SET_DELETION, tenant_id, delete_at, reason)
    await _note(
        connection,
        tenant_id,
        status,
        actor,
        "tenant.delete",
        TenantState.DELETING,
        reason=reason,
        delete_at=delete_at.isoformat(),
    )
    return delete_at


async def restore_tenant(connection: Connection, tenant_id: UUID, *, actor: Actor, now: datetime) -> TenantState:
    """Take a deletion back, until its date. Return the state before it. Raises `InvalidChange`."""
    status = await _lock(connection, tenant_id, TenantState.DELETING)
    if status.delete_at is not None and status.delete_at <= now:
        raise InvalidChange(f"tenant {status.slug!r} cannot be restored any more: its rows are being deleted")
    state = TenantState.SUSPENDED if status.suspended_at else TenantState.ACTIVE
    await connection.execute(SET_DELETION, tenant_id, None, None)
    await _note(connection, tenant_id, status, actor, "tenant.restore", state)
    return state


async def _lock(connection: Connection, tenant_id: UUID, *expected: TenantState) -> TenantStatus:
    row: asyncpg.Record | None = await connection.fetchrow(LOCK_STATUS, tenant_id)
    if row is None:
        raise InvalidChange(f"tenant {tenant_id} does not exist")
    status = TenantStatus(**dict(row) | {"state": TenantState(row["state"])})
    if status.state not in expected:
        raise InvalidChange(f"tenant {status.slug!r} is {status.state}")
    return status


async def _note(
    connection: Connection,
    tenant_id: UUID,
    status: TenantStatus,
    actor: Actor,
    action: str,
    state: TenantState,
    **values: Any,
) -> None:
    before = {"state": status.state.value}
    after = {"state": state.value, **values}
    subject = f"tenant {status.slug}"
    await write_audit_line(connection, tenant_id, actor, action=action, subject=subject, before=before, after=after)
