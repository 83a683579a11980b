"""From `webhook.quarantined` and `webhook.replayed` to rows of api.quarantine_view, in any order."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from orylo_api.read_models.effects import Effects
from orylo_api.read_models.keys import uuid7_time
from orylo_common.messages import WebhookQuarantined, WebhookReplayed
from orylo_common.postgres.pool import Connection
from orylo_common.postgres.tables import Table


@dataclass(frozen=True, slots=True)
class QuarantinedRow:
    tenant_id: UUID
    id: UUID
    kind: str
    gateway: str
    gateway_event_id: str | None
    gateway_event_type: str
    reason: str
    payload: Any
    payload_bytes: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ReplayRow:
    tenant_id: UUID
    id: UUID
    gateway: str
    gateway_event_id: str | None
    gateway_event_type: str
    state: str
    reason: str
    message_type: str | None
    replayed_at: datetime


QUARANTINED = Table("api.quarantine_view", QuarantinedRow)
REPLAYS = Table("api.quarantine_view", ReplayRow)

# The replay may have arrived first.
INSERT_QUARANTINED = f"""
    {QUARANTINED.insert}
    ON CONFLICT (tenant_id, id) DO UPDATE SET
        kind = EXCLUDED.kind, payload = EXCLUDED.payload, payload_bytes = EXCLUDED.payload_bytes,
        created_at = EXCLUDED.created_at,
        reason = CASE WHEN stored.reason = '' THEN EXCLUDED.reason ELSE stored.reason END
"""
# The first reason is kept unless the replay gives one. A discarded webhook stays discarded unless it was understood.
APPLY_REPLAYS = f"""
    INSERT INTO api.quarantine_view AS stored ({REPLAYS.columns}, created_at, kind, payload_bytes)
    SELECT given.*, given.replayed_at, 'quarantined', 0 FROM {REPLAYS.unnest}
    ON CONFLICT (tenant_id, id) DO UPDATE SET
        gateway_event_id = EXCLUDED.gateway_event_id, gateway_event_type = EXCLUDED.gateway_event_type,
        state = CASE WHEN stored.state = 'discarded' AND EXCLUDED.state = 'open' THEN stored.state
                     ELSE EXCLUDED.state END,
        message_type = EXCLUDED.message_type, replayed_at = EXCLUDED.replayed_at,
        reason = CASE WHEN EXCLUDED.reason = '' THEN stored.reason ELSE EXCLUDED.reason END
    WHERE stored.replayed_at IS NULL OR EXCLUDED.replayed_at > stored.replayed_at
"""  # noqa: S608


class QuarantineProjection:
    def __init__(self) -> None:
        self._quarantined: dict[tuple[UUID, UUID], QuarantinedRow] = {}
        self._replays: dict[tuple[UUID, UUID], ReplayRow] = {}

    def fold(self, message: WebhookQuarantined | WebhookReplayed, effects: Effects) -> None:
        key = (message.tenant_id, UUID(message.event_id))
        if isinstance(message, WebhookQuarantined):
            self._quarantined[key] = quarantined_row(message)
            return
        known = self._replays.get(key)
        if known is None or message.occurred_at > known.replayed_at:
            self._replays[key] = replay_row(message)

    async def write(self, connection: Connection) -> None:
        await QUARANTINED.execute(connection, INSERT_QUARANTINED, self._quarantined.values())
        await REPLAYS.execute(connection, APPLY_REPLAYS, self._replays.values())


def quarantined_row(quarantined: WebhookQuarantined) -> QuarantinedRow:
    return QuarantinedRow(
        tenant_id=quarantined.tenant_id,
        id=UUID(quarantined.event_id),
        kind=quarantined.kind,
        gateway=quarantined.gateway,
        gateway_event_id=quarantined.gateway_event_id,
        gateway_event_type=quarantined.gateway_event_type,
        reason=quarantined.reason,
        payload=quarantined.payload,
        payload_bytes=quarantined.payload_bytes,
        created_at=uuid7_time(quarantined.message_id, quarantined.occurred_at),
    )


def replay_row(replayed: WebhookReplayed) -> ReplayRow:
    return ReplayRow(
        tenant_id=replayed.tenant_id,
        id=UUID(replayed.event_id),
        gateway=replayed.gateway,
        gateway_event_id=replayed.gateway_event_id,
        gateway_event_type=replayed.gateway_event_type,
        state="open" if replayed.status == "quarantined" else replayed.status,
        reason=replayed.reason or "",
        message_type=replayed.message_type,
        replayed_at=replayed.occurred_at,
    )
