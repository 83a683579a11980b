"""Rows of api.quarantine_view: what the messages about a webhook that was set aside change there, in any order."""

from typing import Any
from uuid import UUID

from orylo_api.payments.projection import uuid7_time
from orylo_common.messages import WebhookQuarantined, WebhookReplayed

Key = tuple[UUID, UUID]

# The replay may be heard of first.
INSERT_QUARANTINED = """
    INSERT INTO api.quarantine_view AS q (
        tenant_id, id, kind, gateway, gateway_event_id, gateway_event_type, reason, payload, payload_bytes, created_at
    )
    SELECT * FROM unnest(
        $1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::jsonb[],
        $9::integer[], $10::timestamptz[]
    )
    ON CONFLICT (tenant_id, id) DO UPDATE SET
        kind = EXCLUDED.kind, payload = EXCLUDED.payload, payload_bytes = EXCLUDED.payload_bytes,
        created_at = EXCLUDED.created_at,
        reason = CASE WHEN q.reason = '' THEN EXCLUDED.reason ELSE q.reason END
"""
# Why it was set aside stays, unless a replay knows better; and what was given up, unless it was understood after all.
APPLY_REPLAYS = """
    INSERT INTO api.quarantine_view AS q (
        tenant_id, id, gateway, gateway_event_id, gateway_event_type, state, reason, message_type, replayed_at,
        created_at, kind, payload_bytes
    )
    SELECT *, replayed_at, 'quarantined', 0 FROM unnest(
        $1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
        $9::timestamptz[]
    ) AS r (
        tenant_id, id, gateway, gateway_event_id, gateway_event_type, state, reason, message_type, replayed_at
    )
    ON CONFLICT (tenant_id, id) DO UPDATE SET
        gateway_event_id = EXCLUDED.gateway_event_id, gateway_event_type = EXCLUDED.gateway_event_type,
        state = CASE WHEN q.state = 'discarded' AND EXCLUDED.state = 'open' THEN q.state ELSE EXCLUDED.state END,
        message_type = EXCLUDED.message_type, replayed_at = EXCLUDED.replayed_at,
        reason = CASE WHEN EXCLUDED.reason = '' THEN q.reason ELSE EXCLUDED.reason END
    WHERE q.replayed_at IS NULL OR EXCLUDED.replayed_at > q.replayed_at
"""


def key_of(message: WebhookQuarantined | WebhookReplayed) -> Key:
    return message.tenant_id, UUID(message.event_id)


def quarantined_columns(messages: dict[Key, WebhookQuarantined]) -> list[tuple[Any, ...]]:
    return [
        (
            *key,
            message.kind,
            message.gateway,
            message.gateway_event_id,
            message.gateway_event_type,
            message.reason,
            message.payload,
            message.payload_bytes,
            uuid7_time(message.message_id, message.occurred_at),
        )
        for key, message in sorted(messages.items(), key=lambda item: item[0])
    ]


def replay_columns(messages: dict[Key, WebhookReplayed]) -> list[tuple[Any, ...]]:
    return [
        (
            *key,
            message.gateway,
            message.gateway_event_id,
            message.gateway_event_type,
            "open" if message.status == "quarantined" else message.status,
            message.reason or "",
            message.message_type,
            message.occurred_at,
        )
        for key, message in sorted(messages.items(), key=lambda item: item[0])
    ]
