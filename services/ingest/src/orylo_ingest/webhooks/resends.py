"""Send a stored webhook through the pipeline again, at the request of a person."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from orylo_common.broker.ports import Outgoing
from orylo_common.control.plane import ControlPlane
from orylo_common.errors import TransientError
from orylo_common.ids import uuid7
from orylo_common.postgres.pool import Connection
from orylo_ingest.outbox import write_messages
from orylo_ingest.webhooks.record import EVERY_MODE
from orylo_ingest.webhooks.reprocessing import (
    Reprocessed,
    StoredEvent,
    process_again,
    replayed_message,
    report_again,
)

# The registry has the time that selects the event's partition. A concurrent request waits for the first.
SELECT_EVENT = """
    SELECT e.event_id, e.gateway, e.status, e.payload, e.created_at
    FROM ingest.dedupe_registry d
    JOIN ingest.events e USING (tenant_id, event_id, created_at)
    WHERE d.tenant_id = $1 AND d.event_id = $2 AND e.payload <> '{}'
    FOR UPDATE OF e
"""
NEVER_PUBLISHED = ("ignored", "quarantined")


class NotResendable(Exception):
    """A conflict: the event with another body, which was processed, is kept."""


@dataclass(frozen=True, slots=True)
class Resent:
    """The outcome of a resend. `outgoing` is in the outbox."""

    again: Reprocessed
    outgoing: list[Outgoing]


async def resend_webhook(
    connection: Connection, tenant_id: UUID, event_id: UUID, *, plane: ControlPlane, now: datetime
) -> Resent | None:
    """Process a stored webhook again, in the caller's transaction. Return None for one that is unknown or erased.

    Raises `NotResendable`, and `TransientError` while the document key cannot be read.
    """
    row = await connection.fetchrow(SELECT_EVENT, tenant_id, event_id)
    if row is None:
        return None
    event = StoredEvent(**row)
    if event.status == "conflict":
        raise NotResendable
    if plane.document_key is None:
        raise TransientError("the document key cannot be read")
    setting, key = plane.gateway(tenant_id, event.gateway), plane.document_key
    if event.status in NEVER_PUBLISHED:
        # A mode that the gateway does not accept stays ignored. A quarantined webhook was accepted.
        accept = setting.accept if setting and event.status == "ignored" else EVERY_MODE
        again = await process_again(connection, tenant_id, event, setting=setting, document_key=key, accept=accept)
    else:
        again = await report_again(connection, tenant_id, event, setting=setting, document_key=key)
    outgoing = [message for message in (_report_to_quarantine(event, again, now), again.message) if message]
    await write_messages(connection, outgoing)
    return Resent(again, outgoing)


def _report_to_quarantine(event: StoredEvent, again: Reprocessed, now: datetime) -> Outgoing | None:
    if event.status == "quarantined":
        return replayed_message(uuid7(), event.event_id, again, now)
    return again.record.announcement if again.status == "quarantined" else None
