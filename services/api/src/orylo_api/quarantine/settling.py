"""Replay or discard quarantined webhooks, for the endpoints and for `orylo quarantine`.

Each function works in a transaction that is bound to one tenant: an event id is unique only within a tenant.
"""

from datetime import datetime
from uuid import UUID

import asyncpg

from orylo_api.errors import Conflict
from orylo_api.quarantine.models import QuarantinedSummary
from orylo_api.quarantine.queries import fetch_quarantined
from orylo_common.ids import uuid7
from orylo_common.messages import WebhookReplayRequested
from orylo_common.postgres.pool import Connection

# A second request is published too; ingest replays the webhook once.
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


async def request_replay(
    connection: Connection, webhook_id: UUID, *, actor: str, now: datetime
) -> tuple[QuarantinedSummary, WebhookReplayRequested]:
    """Record the request. The caller must publish the message that is returned with it.

    Raises `NotFound`, and `Conflict` if the webhook cannot be replayed.
    """
    row = await connection.fetchrow(REQUEST_REPLAY, webhook_id, now, actor)
    if row is None:
        found = await fetch_quarantined(connection, webhook_id)
        if found["kind"] == "conflict":
            raise Conflict("the event arrived before with another body, which is kept", code="not_replayable")
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
    return QuarantinedSummary.from_row(row), request


async def discard(
    connection: Connection, webhook_id: UUID, *, actor: str, reason: str, now: datetime
) -> QuarantinedSummary:
    """Raises `NotFound`, and `Conflict` if it is already settled."""
    row = await connection.fetchrow(DISCARD, webhook_id, now, actor, reason)
    if row is None:
        raise _already_settled(await fetch_quarantined(connection, webhook_id))
    return QuarantinedSummary.from_row(row)


def _already_settled(row: asyncpg.Record) -> Conflict:
    return Conflict(f"the webhook is already {row['state']}", code="already_settled")
