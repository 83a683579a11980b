"""Replay or discard dead letters, for the endpoints and for `orylo dlq`.

Each function works in its caller's transaction, whose role decides which tenants it sees.
"""

from datetime import datetime
from uuid import UUID

import asyncpg

from orylo_api.dead_letters.models import DeadLetterState, DeadLetterSummary
from orylo_api.dead_letters.queries import SELECT_DEAD_LETTER
from orylo_api.errors import Conflict, NotFound
from orylo_common.broker.ports import Broker, Outgoing
from orylo_common.ids import uuid7
from orylo_common.messages import ConversionRedriveRequested, ProviderActionRedriveRequested, encode
from orylo_common.postgres.pool import Connection

# The row stays locked until the caller commits: of several people who settle it at once, the first succeeds.
SETTLE = """
    UPDATE api.dead_letters SET state = $2, settled_at = $3, settled_by = $4, settled_reason = $5
    WHERE id = $1 AND state = 'open'
    RETURNING *
"""


async def replay(
    connection: Connection, broker: Broker, dead_letter_id: UUID, *, actor: str, now: datetime
) -> DeadLetterSummary:
    """Put the message back into the queue it died in, or ask dispatch for another attempt at the conversion or action.

    Publishes before the caller commits, as the outbox cannot hold a message for one queue only. A crash in between
    leaves the dead letter open although the message was sent; if it is replayed again, consumers recognise the repeat.

    Raises `NotFound`, `Conflict` if it is already settled, `TransientError` if the broker is unavailable.
    """
    row = await _settle(connection, dead_letter_id, DeadLetterState.REPLAYED, actor, None, now)
    if row["kind"] in ("conversion", "action"):
        request = _redrive_request(row, actor, now)
        await broker.publish([Outgoing(request.message_id, request.type, encode(request))])
    else:
        await broker.redrive(row["source"], [Outgoing(row["subject_id"], row["type"] or "unknown", row["body"])])
    return DeadLetterSummary.from_row(row)


async def discard(
    connection: Connection, dead_letter_id: UUID, *, actor: str, reason: str, now: datetime
) -> DeadLetterSummary:
    """Raises `NotFound`, and `Conflict` if it is already settled."""
    row = await _settle(connection, dead_letter_id, DeadLetterState.DISCARDED, actor, reason, now)
    return DeadLetterSummary.from_row(row)


async def _settle(
    connection: Connection,
    dead_letter_id: UUID,
    state: DeadLetterState,
    actor: str,
    reason: str | None,
    now: datetime,
) -> asyncpg.Record:
    row = await connection.fetchrow(SETTLE, dead_letter_id, state, now, actor, reason)
    if row is not None:
        return row
    settled = await connection.fetchrow(SELECT_DEAD_LETTER, dead_letter_id)
    if settled is None:
        raise NotFound("there is no such dead letter")
    raise Conflict(f"the dead letter is already {settled['state']}", code="already_settled")


def _redrive_request(
    row: asyncpg.Record, actor: str, now: datetime
) -> ConversionRedriveRequested | ProviderActionRedriveRequested:
    message_id = uuid7()
    fields = {
        "message_id": message_id,
        "correlation_id": message_id,
        "tenant_id": row["tenant_id"],
        "occurred_at": now,
        "actor": actor,
    }
    if row["kind"] == "action":
        return ProviderActionRedriveRequested(action_id=row["subject_id"], **fields)
    return ConversionRedriveRequested(conversion_id=row["subject_id"], **fields)
