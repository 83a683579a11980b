"""Process a stored webhook again from its scrubbed copy: on request, after an adapter or a setting was changed."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import orjson

from orylo_common.broker.ports import Outgoing
from orylo_common.control.document_key import DocumentKey
from orylo_common.control.models import GatewaySetting, LiveMode
from orylo_common.ids import uuid7
from orylo_common.messages import PaymentSucceeded, WebhookReplayed, encode
from orylo_common.postgres.pool import Connection
from orylo_ingest.gateways import GATEWAYS
from orylo_ingest.metrics import REPLAYS
from orylo_ingest.webhooks.payment_links import linked
from orylo_ingest.webhooks.record import EVERY_MODE, Record, rebuild_record, type_of
from orylo_ingest.webhooks.store import ENRICHED

ReprocessedStatus = Literal["published", "already_reported", "ignored", "quarantined"]

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


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """A row of `ingest.events` that is processed again."""

    event_id: UUID
    gateway: str
    status: str
    payload: Any
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Reprocessed:
    """The outcome. `message` is published. Without one, the event says nothing new."""

    record: Record
    status: ReprocessedStatus
    message: Outgoing | None

    @property
    def message_type(self) -> str | None:
        return self.message.type if self.message else None


async def process_again(
    connection: Connection,
    tenant_id: UUID,
    event: StoredEvent,
    *,
    setting: GatewaySetting | None,
    document_key: DocumentKey,
    accept: frozenset[LiveMode] = EVERY_MODE,
) -> Reprocessed:
    """Process an event that was never published, and store the outcome in the caller's transaction."""
    record = _rebuild(tenant_id, event, setting, document_key, accept)
    status: ReprocessedStatus = record.status if record.status != "conflict" else "quarantined"
    message = record.outgoing
    async with linked(connection, [record]):
        message = record.outgoing
        if message is not None and not await _claim_facts(connection, record):
            status, message = "already_reported", None
    await connection.execute(
        UPDATE_EVENT,
        tenant_id,
        event.event_id,
        event.created_at,
        status,
        message and message.type,
        record.reason,
        record.payment_id,
        record.gateway_event_id,
        record.gateway_event_type,
        record.occurred_at,
    )
    REPLAYS.labels(record.gateway, status).inc()
    return Reprocessed(record, status, message)


async def report_again(
    connection: Connection,
    tenant_id: UUID,
    event: StoredEvent,
    *,
    setting: GatewaySetting | None,
    document_key: DocumentKey,
) -> Reprocessed:
    """Process an event whose facts were published before, as if it arrived under another id.

    A sale is published as `payment.enriched`, which adds its buyer and card to the payment, and counts nothing
    twice. Other facts are not repeated.
    """
    record = _rebuild(tenant_id, event, setting, document_key, EVERY_MODE)
    async with linked(connection, [record]):
        message = _enrichment(record)
    REPLAYS.labels(record.gateway, "already_reported").inc()
    return Reprocessed(record, "already_reported", message)


def replayed_message(
    request_id: UUID, event_id: UUID, again: Reprocessed, now: datetime, *, causation_id: UUID | None = None
) -> Outgoing:
    """Return the message that reports the outcome for a webhook that was in quarantine."""
    message_id, record = uuid7(), again.record
    message = WebhookReplayed(
        message_id=message_id,
        correlation_id=request_id,
        causation_id=causation_id,
        tenant_id=record.tenant_id,
        occurred_at=now,
        event_id=str(event_id),
        gateway=record.gateway,
        gateway_event_id=record.gateway_event_id,
        gateway_event_type=record.gateway_event_type,
        status=again.status,
        reason=record.reason,
        message_type=again.message_type,
    )
    return Outgoing(message_id, message.type, encode(message))


def _rebuild(
    tenant_id: UUID,
    event: StoredEvent,
    setting: GatewaySetting | None,
    document_key: DocumentKey,
    accept: frozenset[LiveMode],
) -> Record:
    return rebuild_record(
        GATEWAYS[event.gateway],
        tenant_id,
        event.payload,
        event.created_at,
        accept=accept,
        zone=setting.zone if setting else None,
        event_id=event.event_id,
        document_key=document_key,
    )


def _enrichment(record: Record) -> Outgoing | None:
    message = record.outgoing
    if message is None or message.type != type_of(PaymentSucceeded):
        return None
    body = orjson.loads(message.body)
    if body["data"].get("test"):
        return None
    return replace(message, type=ENRICHED, body=orjson.dumps({**body, "type": ENRICHED}))


async def _claim_facts(connection: Connection, record: Record) -> bool:
    """Claim the record's facts. Return false if any was reported before, as for a webhook that arrives."""
    claimed = await connection.fetch(CLAIM_FACTS, record.tenant_id, list(record.facts), record.event_id)
    return len(claimed) == len(record.facts)
