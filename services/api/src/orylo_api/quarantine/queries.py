"""Webhooks that were set aside, as people deal with them: list, show, replay, discard. For endpoints and command.

Each function works on a transaction that is bound to one tenant: an event id is unique within a tenant only.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from orylo_api.errors import Conflict, NotFound
from orylo_api.http.pages import Listing, Where, fetch_page
from orylo_api.quarantine.models import Quarantined, QuarantinedSummary, QuarantineQuery
from orylo_common.ids import uuid7
from orylo_common.messages import WebhookReplayRequested
from orylo_common.postgres.pool import Connection

QUARANTINE = Listing("api.quarantine_view", "id", UUID)

SELECT_ONE = "SELECT * FROM api.quarantine_view WHERE id = $1"
# Asking twice asks ingest twice, which does it once.
REQUEST_REPLAY = """
    UPDATE api.quarantine_view SET replay_requested_at = $2, replay_requested_by = $3
    WHERE id = $1 AND kind = 'quarantined' AND state = 'open'
    RETURNING *
"""
DISCARD = """
    UPDATE api.quarantine_view SET state = 'discarded', discarded_at = $2, discarded_by = $3, discarded_reason = $4
    WHERE id = $1 AND state = 'open'
    RETURNING *
"""


async def list_quarantine(
    connection: Connection, query: QuarantineQuery
) -> tuple[list[QuarantinedSummary], str | None]:
    where = Where()
    if query.state is not None:
        where.seek("state = {}", query.state)
    if query.kind is not None:
        where.sift("kind = {}", query.kind)
    if query.gateway is not None:
        where.sift("gateway = {}", query.gateway)
    if query.from_ is not None:
        where.seek("created_at >= {}", query.from_)
    if query.to is not None:
        where.seek("created_at < {}", query.to)
    rows, next_cursor = await fetch_page(connection, QUARANTINE, where, query)
    return [_summary(row) for row in rows], next_cursor


async def find_quarantined(connection: Connection, webhook_id: UUID) -> Quarantined:
    """Raises `NotFound`."""
    return Quarantined(**_fields_of(Quarantined, await _find(connection, webhook_id)))


async def request_replay(
    connection: Connection, webhook_id: UUID, *, actor: str, now: datetime
) -> tuple[QuarantinedSummary, WebhookReplayRequested]:
    """Note who asks; the message is the caller's to publish. Raises `NotFound`, `Conflict` where it cannot be."""
    row = await connection.fetchrow(REQUEST_REPLAY, webhook_id, now, actor)
    if row is None:
        found = await _find(connection, webhook_id)
        if found["kind"] == "conflict":
            raise Conflict("the event came before with another body, and that one stays", code="not_replayable")
        raise _already_settled(found)
    message_id = uuid7()
    request = WebhookReplayRequested(
        message_id=message_id,
        correlation_id=message_id,
        tenant_id=row["tenant_id"],
        occurred_at=now,
        event_id=str(webhook_id),
        actor=actor,
    )
    return _summary(row), request


async def discard(
    connection: Connection, webhook_id: UUID, *, actor: str, reason: str, now: datetime
) -> QuarantinedSummary:
    """Give it up. Raises `NotFound`, and `Conflict` where it is settled."""
    row = await connection.fetchrow(DISCARD, webhook_id, now, actor, reason)
    if row is None:
        raise _already_settled(await _find(connection, webhook_id))
    return _summary(row)


def _already_settled(row: asyncpg.Record) -> Conflict:
    return Conflict(f"it is {row['state']} already", code="already_settled")


async def _find(connection: Connection, webhook_id: UUID) -> asyncpg.Record:
    row = await connection.fetchrow(SELECT_ONE, webhook_id)
    if row is None:
        raise NotFound("there is no such webhook in quarantine")
    return row


def _summary(row: asyncpg.Record) -> QuarantinedSummary:
    return QuarantinedSummary(**_fields_of(QuarantinedSummary, row))


def _fields_of(model: type[Any], row: asyncpg.Record) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name in model.model_fields}
