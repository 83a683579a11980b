"""The audit log: who changed what, when and from where, with the values before and after."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from orylo_api.access.identity import Principal
from orylo_api.access.sessions import Origin
from orylo_api.call import Call
from orylo_common.control.audit import Actor, AuditedChange, write_audit_line, write_audit_lines
from orylo_common.postgres.pool import Connection


def actor_of(call: Call[Any, Any, Any]) -> Actor:
    """Return the caller as the author of a change to the control plane, whose writers add the line themselves."""
    return _actor(call.principal, call.origin)


async def write_change(
    call: Call[Any, Any, Any],
    *,
    action: str,
    subject: str,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Add a line, in the transaction of the change."""
    now = call.services.clock.now()
    await write_line(call.connection, call.principal, call.origin, action, subject, now, before=before, after=after)


async def write_changes(call: Call[Any, Any, Any], changes: Sequence[AuditedChange], *, action: str) -> None:
    """Add a line for each change, in the transaction of the changes."""
    await write_audit_lines(
        call.connection,
        call.principal.tenant.id,
        actor_of(call),
        changes,
        action=action,
        at=call.services.clock.now(),
    )


async def write_line(
    connection: Connection,
    principal: Principal,
    origin: Origin,
    action: str,
    subject: str,
    now: datetime,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    actor = _actor(principal, origin)
    await write_audit_line(
        connection, principal.tenant.id, actor, action=action, subject=subject, before=before, after=after, at=now
    )


def _actor(principal: Principal, origin: Origin) -> Actor:
    return Actor(principal.kind, principal.id, principal.name, origin.address, origin.user_agent)
