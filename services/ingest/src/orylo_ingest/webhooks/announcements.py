"""Announce quarantined and conflicting webhooks to people."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import orjson

from orylo_common.broker.ports import Outgoing
from orylo_common.ids import uuid7
from orylo_common.messages import WebhookQuarantined, encode

# SQS accepts at most 256 KiB per message. Larger payloads can be read in ingest.events.
MAX_PAYLOAD_BYTES = 64 * 1024


def quarantine_announcement(
    kind: Literal["quarantined", "conflict"],
    *,
    tenant_id: UUID,
    event_id: UUID,
    gateway: str,
    gateway_event_id: str | None,
    gateway_event_type: str,
    reason: str,
    payload: bytes,
    occurred_at: datetime,
) -> Outgoing:
    """Return the message that reports the webhook. `payload` is the scrubbed copy."""
    message_id = uuid7()
    message = WebhookQuarantined(
        message_id=message_id,
        correlation_id=message_id,
        tenant_id=tenant_id,
        occurred_at=occurred_at,
        event_id=str(event_id),
        gateway=gateway,
        gateway_event_id=gateway_event_id,
        gateway_event_type=gateway_event_type,
        kind=kind,
        reason=reason,
        payload=_displayed(payload),
        payload_bytes=len(payload),
    )
    return Outgoing(message_id, message.type, encode(message))


def _displayed(payload: bytes) -> Any:
    if len(payload) > MAX_PAYLOAD_BYTES:
        return None
    return orjson.loads(payload)
