"""List, show, replay and discard quarantined webhooks, of one tenant or of all."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from orylo_api.errors import Conflict, NotFound
from orylo_api.quarantine import queries, settling
from orylo_api.quarantine.models import Quarantined, QuarantineKind, QuarantineState
from orylo_cli.operations.binding import bind_to_tenant, unbind
from orylo_common.control.audit import Actor, write_audit_line
from orylo_common.control.errors import InvalidChange
from orylo_common.control.models import Tenant
from orylo_common.control.tenants import find_tenant
from orylo_common.postgres.pool import Connection

SELECT_QUARANTINE = """
    SELECT q.id, t.slug AS tenant, q.kind, q.state, q.gateway, q.gateway_event_type, q.gateway_event_id, q.reason,
           q.created_at, q.replay_requested_at, q.replayed_at
    FROM api.quarantine_view q JOIN control.tenants t ON t.id = q.tenant_id
    WHERE ($1::uuid IS NULL OR q.tenant_id = $1) AND q.state = $2 AND ($3::text IS NULL OR q.kind = $3)
      AND ($4::text IS NULL OR q.gateway = $4)
    ORDER BY q.created_at DESC, q.id DESC LIMIT $5
"""
# A gateway event that was sent to several tenants has the same id for each of them.
SELECT_TENANTS_OF = """
    SELECT t.id, t.slug, t.name FROM api.quarantine_view q JOIN control.tenants t ON t.id = q.tenant_id
    WHERE q.id = $1 AND ($2::uuid IS NULL OR t.id = $2)
"""


@dataclass(frozen=True)
class ListedQuarantine:
    """The tenant is a slug or an id; None selects all."""

    tenant: str | None = None
    gateway: str | None = None
    kind: QuarantineKind | None = None
    state: QuarantineState = QuarantineState.OPEN


@dataclass(frozen=True)
class QuarantineResult:
    """The change that was made to a quarantined webhook, or the reason it was not changed."""

    id: UUID
    tenant: str | None = None
    requested: bool = False
    discarded: bool = False
    error: str | None = None


async def list_quarantined(connection: Connection, which: ListedQuarantine, limit: int) -> list[dict[str, Any]]:
    """Return the newest first. Raises `InvalidChange` for an unknown tenant."""
    tenant_id = await _tenant_id(connection, which.tenant)
    rows = await connection.fetch(SELECT_QUARANTINE, tenant_id, which.state, which.kind, which.gateway, limit)
    return [dict(row) for row in rows]


async def show_quarantined(connection: Connection, webhook_id: UUID, tenant: str | None) -> tuple[Tenant, Quarantined]:
    """Raises `InvalidChange` if the webhook is unknown, or if several tenants have it and none is given."""
    owner = await _find_owner(connection, webhook_id, tenant)
    await bind_to_tenant(connection, owner.id)
    return owner, await queries.find_quarantined(connection, webhook_id)


async def replay_one(
    connection: Connection, webhook_id: UUID, tenant: str | None, *, actor: Actor, now: datetime
) -> QuarantineResult:
    """Request a replay. The API's outbox sends the request within seconds while the API runs."""
    # Imported here, because it imports the web server.
    from orylo_api.http.outbox import write_message

    try:
        owner = await _find_owner(connection, webhook_id, tenant)
        async with connection.transaction():
            await bind_to_tenant(connection, owner.id)
            _, request = await settling.request_replay(connection, webhook_id, actor=actor.name, now=now)
            await write_message(connection, request)
            await write_audit_line(
                connection, owner.id, actor, action="quarantine.replay", subject=f"webhook {webhook_id}"
            )
            await unbind(connection)
    except (NotFound, Conflict, InvalidChange) as error:
        return QuarantineResult(webhook_id, error=str(error))
    return QuarantineResult(webhook_id, tenant=owner.slug, requested=True)


async def discard_one(
    connection: Connection, webhook_id: UUID, tenant: str | None, *, reason: str, actor: Actor, now: datetime
) -> QuarantineResult:
    try:
        owner = await _find_owner(connection, webhook_id, tenant)
        async with connection.transaction():
            await bind_to_tenant(connection, owner.id)
            discarded = await settling.discard(connection, webhook_id, actor=actor.name, reason=reason, now=now)
            await write_audit_line(
                connection,
                owner.id,
                actor,
                action="quarantine.discard",
                subject=f"webhook {webhook_id}",
                before={"state": QuarantineState.OPEN},
                after={"state": discarded.state, "reason": discarded.discarded_reason},
            )
            await unbind(connection)
    except (NotFound, Conflict, InvalidChange) as error:
        return QuarantineResult(webhook_id, error=str(error))
    return QuarantineResult(webhook_id, tenant=owner.slug, discarded=True)


async def _tenant_id(connection: Connection, tenant: str | None) -> UUID | None:
    return (await find_tenant(connection, tenant)).id if tenant is not None else None


async def _find_owner(connection: Connection, webhook_id: UUID, tenant: str | None) -> Tenant:
    owners = await connection.fetch(SELECT_TENANTS_OF, webhook_id, await _tenant_id(connection, tenant))
    if not owners:
        raise InvalidChange("this webhook is not in quarantine")
    if len(owners) > 1:
        raise InvalidChange(f"several tenants have this webhook, give --tenant: {', '.join(r['slug'] for r in owners)}")
    return Tenant(**owners[0])
