"""The audit log: who changed what, when and from where, with the values before and after."""

from datetime import datetime
from typing import Any

from orylo_api.access.identity import Principal
from orylo_api.access.sessions import Origin
from orylo_api.call import Call
from orylo_common.ids import uuid7
from orylo_common.postgres.pool import Connection

INSERT_LINE = """
    INSERT INTO api.audit_log (
        tenant_id, id, at, actor_kind, actor_id, actor, action, subject, before, after, address, user_agent
    )
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""


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


async def write_line(
    connection: Connection,
    actor: Principal,
    origin: Origin,
    action: str,
    subject: str,
    now: datetime,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    await connection.execute(
        INSERT_LINE,
        actor.tenant.id,
        uuid7(),
        now,
        actor.kind,
        actor.id,
        actor.name,
        action,
        subject,
        before,
        after,
        origin.address,
        origin.user_agent,
    )
