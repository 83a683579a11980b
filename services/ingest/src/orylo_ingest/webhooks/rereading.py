"""Read stored webhooks as the messages that they were published as, for read models that are made again. No effects."""

from dataclasses import dataclass
from uuid import UUID

import asyncpg
import orjson

from orylo_common.control.plane import ControlPlane
from orylo_common.errors import TransientError
from orylo_common.messages import PaymentSucceeded
from orylo_common.postgres.pool import Connection
from orylo_ingest.gateways import GATEWAYS
from orylo_ingest.webhooks.listing import PagePosition
from orylo_ingest.webhooks.record import rebuild_record, type_of
from orylo_ingest.webhooks.store import ENRICHED

# Each takes about a millisecond, and webhooks wait for it.
PAGE = 25

# Oldest first. Both bounds select partitions.
SELECT_PUBLISHED = f"""
    SELECT event_id, gateway, status, payment_id, payload, created_at FROM ingest.events
    WHERE tenant_id = $1 AND (created_at, event_id) > ($2, $3) AND created_at >= $2
      AND status IN ('published', 'already_reported') AND payload <> '{{}}'
    ORDER BY created_at, event_id LIMIT {PAGE}
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class ReadAgain:
    """A page of messages, encoded; and the position of its last webhook, None after the last page."""

    messages: list[bytes]
    webhooks: int
    reached: PagePosition | None


async def read_again(connection: Connection, tenant_id: UUID, after: PagePosition, *, plane: ControlPlane) -> ReadAgain:
    """Return the messages of the webhooks after a position. Raises `TransientError` while the document key is away."""
    if plane.document_key is None:
        raise TransientError("the document key cannot be read")
    rows = await connection.fetch(SELECT_PUBLISHED, tenant_id, after.created_at, after.event_id)
    messages = [message for row in rows if (message := _message(tenant_id, row, plane)) is not None]
    reached = PagePosition(rows[-1]["created_at"], rows[-1]["event_id"]) if len(rows) == PAGE else None
    return ReadAgain(messages, len(rows), reached)


def _message(tenant_id: UUID, row: asyncpg.Record, plane: ControlPlane) -> bytes | None:
    """Return the message of a webhook under the payment id that it was published with; None if it has none now."""
    setting = plane.gateway(tenant_id, row["gateway"])
    record = rebuild_record(
        GATEWAYS[row["gateway"]],
        tenant_id,
        row["payload"],
        row["created_at"],
        zone=setting.zone if setting else None,
        event_id=row["event_id"],
        document_key=plane.document_key,
    )
    if row["payment_id"] is not None:
        record.report_as(row["payment_id"], None)
    message = record.outgoing
    if message is None:
        return None
    if row["status"] == "published":
        return message.body
    if message.type != type_of(PaymentSucceeded):
        return None
    return orjson.dumps({**orjson.loads(message.body), "type": ENRICHED})
