"""Dead letters as people deal with them: list, show, replay, discard. For the endpoints and for `orylo dlq`.

Each function works on a transaction of its caller: whose tenants it sees is up to the connection's role.
"""

import base64
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from orylo_api.dead_letters.models import (
    DeadLetter,
    DeadLetterQuery,
    DeadLetterState,
    DeadLetterSummary,
    EarlierDeath,
)
from orylo_api.errors import Conflict, NotFound
from orylo_api.http.pages import Listing, Where, fetch_page
from orylo_common.broker.ports import Broker, Outgoing
from orylo_common.ids import uuid7
from orylo_common.messages import ConversionRedriveRequested, encode
from orylo_common.postgres.pool import Connection

DEAD_LETTERS = Listing("api.dead_letters", "id", UUID)

SELECT_ONE = "SELECT * FROM api.dead_letters WHERE id = $1"
SELECT_OTHER_DEATHS = """
    SELECT * FROM api.dead_letters WHERE tenant_id = $1 AND subject_id = $2 AND source = $3 AND id <> $4
    ORDER BY created_at DESC, id DESC LIMIT 20
"""
# Whoever settles it first has it: the row stays locked until the caller commits.
SETTLE = """
    UPDATE api.dead_letters SET state = $2, settled_at = $3, settled_by = $4, settled_reason = $5
    WHERE id = $1 AND state = 'open'
    RETURNING *
"""


async def list_dead_letters(
    connection: Connection, query: DeadLetterQuery
) -> tuple[list[DeadLetterSummary], str | None]:
    where = Where()
    if query.state is not None:
        where.seek(f"state = '{query.state}'")
    if query.source is not None:
        where.sift("source = {}", query.source)
    rows, next_cursor = await fetch_page(connection, DEAD_LETTERS, where, query)
    return [_summary(row) for row in rows], next_cursor


async def find_dead_letter(connection: Connection, dead_letter_id: UUID) -> DeadLetter | None:
    row = await connection.fetchrow(SELECT_ONE, dead_letter_id)
    if row is None:
        return None
    others = await connection.fetch(
        SELECT_OTHER_DEATHS, row["tenant_id"], row["subject_id"], row["source"], dead_letter_id
    )
    history = [EarlierDeath(**_fields_of(EarlierDeath, other)) for other in others]
    return DeadLetter(payload=_payload(row["body"]), history=history, **_fields_of(DeadLetterSummary, row))


async def replay(
    connection: Connection, broker: Broker, dead_letter_id: UUID, *, actor: str, now: datetime
) -> DeadLetterSummary:
    """Put the message back into the queue it died in, or ask dispatch for another attempt at the conversion.

    A crash before the commit leaves the dead letter open and the message sent; consumers know it when it comes
    again. Raises `NotFound`, `Conflict` where it is settled, `TransientError` where the broker is away.
    """
    row = await _settle(connection, dead_letter_id, DeadLetterState.REPLAYED, actor, None, now)
    if row["kind"] == "conversion":
        request = _redrive_request(row, actor, now)
        await broker.publish([Outgoing(request.message_id, request.type, encode(request))])
    else:
        await broker.redrive(row["source"], [Outgoing(row["subject_id"], row["type"] or "unknown", row["body"])])
    return _summary(row)


async def discard(
    connection: Connection, dead_letter_id: UUID, *, actor: str, reason: str, now: datetime
) -> DeadLetterSummary:
    """Give it up. Raises `NotFound`, and `Conflict` where it is settled."""
    return _summary(await _settle(connection, dead_letter_id, DeadLetterState.DISCARDED, actor, reason, now))


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
    settled = await connection.fetchrow(SELECT_ONE, dead_letter_id)
    if settled is None:
        raise NotFound("there is no such dead letter")
    raise Conflict(f"it is {settled['state']} already", code="already_settled")


def _redrive_request(row: asyncpg.Record, actor: str, now: datetime) -> ConversionRedriveRequested:
    message_id = uuid7()
    return ConversionRedriveRequested(
        message_id=message_id,
        correlation_id=message_id,
        tenant_id=row["tenant_id"],
        occurred_at=now,
        conversion_id=row["subject_id"],
        actor=actor,
    )


def _payload(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return {"base64": base64.b64encode(body).decode()}


def _summary(row: asyncpg.Record) -> DeadLetterSummary:
    return DeadLetterSummary(**_fields_of(DeadLetterSummary, row))


def _fields_of(model: type[Any], row: asyncpg.Record) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name in model.model_fields}
