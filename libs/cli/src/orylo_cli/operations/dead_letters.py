"""List, replay and discard dead letters, of one tenant or of all."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from orylo_api.dead_letters import queries, settling
from orylo_api.dead_letters.models import DeadLetterQuery, DeadLetterState, DeadLetterSummary
from orylo_api.dead_letters.selection import MAX_CAUSE
from orylo_api.errors import Conflict, NotFound
from orylo_cli.operations.binding import bind_to_tenant
from orylo_common.broker.ports import Broker
from orylo_common.control.audit import Actor, write_audit_line
from orylo_common.control.tenants import find_tenant
from orylo_common.errors import TransientError
from orylo_common.postgres.pool import Connection

SELECT_TENANT_SLUGS = """
    SELECT d.id, t.slug FROM api.dead_letters d JOIN control.tenants t ON t.id = d.tenant_id WHERE d.id = ANY($1)
"""
SELECT_TENANT_ID = "SELECT tenant_id FROM api.dead_letters WHERE id = $1"


@dataclass(frozen=True)
class DeadLetterResult:
    """The new state of a dead letter, or the reason it was not changed."""

    id: UUID
    state: str | None = None
    error: str | None = None


async def list_page(
    connection: Connection, query: DeadLetterQuery, tenant: str | None
) -> tuple[list[DeadLetterSummary], str | None]:
    """Return a page and the cursor of the next one. Raises `InvalidChange` for an unknown tenant."""
    async with connection.transaction():
        if tenant is not None:
            found = await find_tenant(connection, tenant)
            await bind_to_tenant(connection, found.id)
        return await queries.list_dead_letters(connection, query)


async def list_all(connection: Connection, query: DeadLetterQuery, tenant: str | None) -> list[DeadLetterSummary]:
    found, cursor = await list_page(connection, query, tenant)
    while cursor:
        more, cursor = await list_page(connection, query.model_copy(update={"cursor": cursor}), tenant)
        found += more
    return found


async def ids_of_all(
    connection: Connection, query: DeadLetterQuery, tenant: str | None, cause: str | None
) -> list[UUID]:
    """Return the ids of all that match. A cause is an error code, or the start of a reason without a code."""
    found = await list_all(connection, query, tenant)
    return [each.id for each in found if cause is None or (each.code or each.reason[:MAX_CAUSE]) == cause]


async def tenant_slugs(connection: Connection, ids: list[UUID]) -> dict[UUID, str]:
    """Return the tenant of each dead letter; a message that could not be read has none."""
    return {row["id"]: row["slug"] for row in await connection.fetch(SELECT_TENANT_SLUGS, ids)}


async def replay_one(
    connection: Connection, broker: Broker, dead_letter_id: UUID, *, actor: Actor, now: datetime
) -> DeadLetterResult:
    try:
        async with connection.transaction():
            settled = await settling.replay(connection, broker, dead_letter_id, actor=actor.name, now=now)
            await _audit(connection, settled, actor, "dead_letter.replay")
    except (NotFound, Conflict, TransientError) as error:
        return DeadLetterResult(dead_letter_id, error=str(error))
    return DeadLetterResult(dead_letter_id, state=settled.state)


async def discard_one(
    connection: Connection, dead_letter_id: UUID, *, reason: str, actor: Actor, now: datetime
) -> DeadLetterResult:
    try:
        async with connection.transaction():
            settled = await settling.discard(connection, dead_letter_id, actor=actor.name, reason=reason, now=now)
            await _audit(connection, settled, actor, "dead_letter.discard")
    except (NotFound, Conflict) as error:
        return DeadLetterResult(dead_letter_id, error=str(error))
    return DeadLetterResult(dead_letter_id, state=settled.state)


async def _audit(connection: Connection, settled: DeadLetterSummary, actor: Actor, action: str) -> None:
    await write_audit_line(
        connection,
        await connection.fetchval(SELECT_TENANT_ID, settled.id),
        actor,
        action=action,
        subject=f"dead letter {settled.id}",
        before={"state": DeadLetterState.OPEN},
        after={"state": settled.state, "reason": settled.settled_reason},
    )
