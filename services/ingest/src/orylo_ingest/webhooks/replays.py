"""Replay a quarantined webhook from its scrubbed copy, on request, after an adapter was fixed."""

from datetime import datetime
from uuid import UUID

import asyncpg
import structlog

from orylo_common.broker.ports import Outgoing
from orylo_common.clock import Clock
from orylo_common.control.plane import ControlPlane
from orylo_common.errors import TransientError
from orylo_common.messages import WebhookReplayRequested
from orylo_common.postgres.errors import TRANSIENT_ERRORS, PostgresUnavailable
from orylo_common.postgres.outbox import OutboxRelay
from orylo_common.postgres.pool import Connection
from orylo_ingest.outbox import write_messages
from orylo_ingest.webhooks.reprocessing import StoredEvent, process_again, replayed_message

# A concurrent request waits for the first, then finds the webhook no longer quarantined.
SELECT_QUARANTINED = """
    SELECT event_id, gateway, status, payload, created_at FROM ingest.events
    WHERE tenant_id = $1 AND status = 'quarantined' AND event_id = $2
    FOR UPDATE
"""

log = structlog.get_logger(__name__)


async def replay_webhook(
    request: WebhookReplayRequested, *, pool: asyncpg.Pool, plane: ControlPlane, relay: OutboxRelay, clock: Clock
) -> None:
    """Build the record again if the webhook is still quarantined, store it, and publish the outcome."""
    try:
        async with pool.acquire() as connection, connection.transaction():
            outgoing = await _replay(connection, request, plane, clock.now())
    except TRANSIENT_ERRORS as error:
        raise PostgresUnavailable(f"PostgreSQL did not commit ({type(error).__name__})") from error
    relay.offer(outgoing)


async def _replay(
    connection: Connection, request: WebhookReplayRequested, plane: ControlPlane, now: datetime
) -> list[Outgoing]:
    row = await connection.fetchrow(SELECT_QUARANTINED, request.tenant_id, UUID(request.event_id))
    if row is None:
        log.info("webhook.replay_unnecessary", tenant_id=request.tenant_id, event_id=request.event_id)
        return []
    if plane.document_key is None:
        raise TransientError("the document key cannot be read")
    event = StoredEvent(**row)
    setting = plane.gateway(request.tenant_id, event.gateway)
    again = await process_again(connection, request.tenant_id, event, setting=setting, document_key=plane.document_key)
    outcome = replayed_message(request.correlation_id, event.event_id, again, now, causation_id=request.message_id)
    outgoing = [outcome, *([again.message] if again.message else [])]
    await write_messages(connection, outgoing)
    log.info(
        "webhook.replayed",
        tenant_id=request.tenant_id,
        event_id=request.event_id,
        gateway=event.gateway,
        status=again.status,
        reason=again.record.reason,
    )
    return outgoing
