"""Replay a quarantined webhook from its scrubbed copy, on request, after an adapter was fixed."""

from datetime import datetime
from uuid import UUID

import asyncpg
import structlog

from orylo_common.broker.ports import Outgoing
from orylo_common.clock import Clock
from orylo_common.control.plane import ControlPlane
from orylo_common.errors import TransientError
from orylo_common.ids import uuid7
from orylo_common.messages import WebhookReplayed, WebhookReplayRequested, encode
from orylo_common.postgres.errors import TRANSIENT_ERRORS, PostgresUnavailable
from orylo_common.postgres.outbox import OutboxRelay
from orylo_common.postgres.pool import Connection
from orylo_ingest.gateways import GATEWAYS
from orylo_ingest.metrics import REPLAYS
from orylo_ingest.outbox import write_messages
from orylo_ingest.webhooks.payment_links import linked
from orylo_ingest.webhooks.record import Record, rebuild_record

# A concurrent request waits for the first, then finds the webhook no longer quarantined.
SELECT_QUARANTINED = """
    SELECT event_id, gateway, payload, created_at FROM ingest.events
    WHERE tenant_id = $1 AND status = 'quarantined' AND event_id = $2
    FOR UPDATE
"""
CLAIM_FACTS = """
    INSERT INTO ingest.facts (tenant_id, fact, event_id)
    SELECT $1, fact, $3 FROM unnest($2::text[]) AS fact ORDER BY fact
    ON CONFLICT DO NOTHING
    RETURNING fact
"""
# `created_at` selects the partition.
UPDATE_EVENT = """
    UPDATE ingest.events
    SET status = $4, message_type = $5, reason = $6, payment_id = $7, gateway_event_id = $8, gateway_event_type = $9,
        occurred_at = $10
    WHERE tenant_id = $1 AND event_id = $2 AND created_at = $3
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
    setting = plane.gateway(request.tenant_id, row["gateway"])
    record = rebuild_record(
        GATEWAYS[row["gateway"]],
        request.tenant_id,
        row["payload"],
        row["created_at"],
        zone=setting.zone if setting else None,
        event_id=UUID(request.event_id),
        document_key=plane.document_key,
    )
    status: str = record.status
    async with linked(connection, [record]):
        if record.outgoing is not None and not await _claim_facts(connection, record):
            status, record.outgoing = "already_reported", None
    await connection.execute(
        UPDATE_EVENT,
        record.tenant_id,
        record.event_id,
        row["created_at"],
        status,
        record.message_type,
        record.reason,
        record.payment_id,
        record.gateway_event_id,
        record.gateway_event_type,
        record.occurred_at,
    )
    outgoing = [_outcome(request, record, status, now)]
    if record.outgoing is not None:
        outgoing.append(record.outgoing)
    await write_messages(connection, outgoing)
    REPLAYS.labels(record.gateway, status).inc()
    log.info(
        "webhook.replayed",
        tenant_id=record.tenant_id,
        event_id=record.event_id,
        gateway=record.gateway,
        status=status,
        reason=record.reason,
    )
    return outgoing


async def _claim_facts(connection: Connection, record: Record) -> bool:
    """Claim the record's facts. Returns False if any was reported before, as for a webhook that arrives."""
    claimed = await connection.fetch(CLAIM_FACTS, record.tenant_id, list(record.facts), record.event_id)
    return len(claimed) == len(record.facts)


def _outcome(request: WebhookReplayRequested, record: Record, status: str, now: datetime) -> Outgoing:
    message_id = uuid7()
    message = WebhookReplayed.model_validate(
        {
            "message_id": message_id,
            "correlation_id": request.correlation_id,
            "causation_id": request.message_id,
            "tenant_id": record.tenant_id,
            "occurred_at": now,
            "event_id": request.event_id,
            "gateway": record.gateway,
            "gateway_event_id": record.gateway_event_id,
            "gateway_event_type": record.gateway_event_type,
            "status": status,
            "reason": record.reason,
            "message_type": record.message_type,
        }
    )
    return Outgoing(message_id, message.type, encode(message))
