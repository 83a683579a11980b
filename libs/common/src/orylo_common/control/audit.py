"""The audit log: who changed what, when and from where. Every change of the control plane adds one line."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

from orylo_common.ids import uuid7
from orylo_common.postgres.pool import Connection

INSERT_LINE = """
    INSERT INTO control.audit_log (
        tenant_id, id, at, actor_kind, actor_id, actor, action, subject, before, after, address, user_agent
    )
    VALUES ($1, $2, coalesce($3, now()), $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""


@dataclass(frozen=True, slots=True)
class Actor:
    """The author of a change: a user or an API key by id, a command by the name of its operating-system user."""

    kind: Literal["user", "api_key", "command"]
    id: UUID | None
    name: str
    # The client's IP address, or the host a command ran on; and the client's or the command's own name.
    address: str
    user_agent: str


class AuditedChange(NamedTuple):
    """What changed, with the values before and after, which hold no secrets."""

    subject: str
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None


async def write_audit_line(
    connection: Connection,
    tenant_id: UUID,
    actor: Actor,
    *,
    action: str,
    subject: str,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    at: datetime | None = None,
) -> None:
    """Add a line in the caller's transaction, which also holds the change. `before` and `after` hold no secrets."""
    change = AuditedChange(subject, before, after)
    await connection.execute(INSERT_LINE, *_line(tenant_id, actor, change, action, at))


async def write_audit_lines(
    connection: Connection,
    tenant_id: UUID,
    actor: Actor,
    changes: Sequence[AuditedChange],
    *,
    action: str,
    at: datetime | None = None,
) -> None:
    """Add a line for each of several changes of one kind, as `write_audit_line` does."""
    lines = [_line(tenant_id, actor, change, action, at) for change in changes]
    await connection.executemany(INSERT_LINE, lines)


def _line(tenant_id: UUID, actor: Actor, change: AuditedChange, action: str, at: datetime | None) -> tuple[object, ...]:
    return (
        tenant_id,
        uuid7(),
        at,
        actor.kind,
        actor.id,
        actor.name,
        action,
        change.subject,
        change.before,
        change.after,
        actor.address,
        actor.user_agent,
    )
