"""A delivery with its attempts, for people."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from orylo_common.postgres.errors import TRANSIENT_ERRORS, PostgresUnavailable

# An outage of days makes more; the oldest are left out.
MAX_ATTEMPTS = 200

SELECT_DELIVERY = """
    SELECT destination_id, destination_kind, state, due_at, started_at, settled_at, conversion AS payload
    FROM dispatch.deliveries WHERE delivery_id = $2 AND tenant_id = $1
"""
# The attempt that was accepted is in the delivery's row.
SELECT_ATTEMPTS = f"""
    SELECT attempt_number AS number, at, outcome, code, reason, duration_ms, trace_id
    FROM dispatch.attempts WHERE tenant_id = $1 AND delivery_id = $2
    UNION ALL
    SELECT attempts, accepted_at, 'dispatched', NULL, NULL, accepted_ms, accepted_trace_id
    FROM dispatch.deliveries WHERE tenant_id = $1 AND delivery_id = $2 AND accepted_at IS NOT NULL
    ORDER BY at DESC, number DESC LIMIT {MAX_ATTEMPTS}
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class AttemptHistory:
    """Attempts are newest first. A pending delivery is sent at `due_at`; with `started_at` it is being sent."""

    destination_id: UUID
    destination_kind: str
    state: str
    due_at: datetime
    started_at: datetime | None
    settled_at: datetime | None
    payload: Any
    attempts: list[dict[str, Any]]


async def read_history(pool: asyncpg.Pool, tenant_id: UUID, delivery_id: UUID) -> AttemptHistory | None:
    """Raises `PostgresUnavailable`."""
    try:
        async with pool.acquire() as connection:
            row = await connection.fetchrow(SELECT_DELIVERY, tenant_id, delivery_id)
            if row is None:
                return None
            attempts = await connection.fetch(SELECT_ATTEMPTS, tenant_id, delivery_id)
    except TRANSIENT_ERRORS as error:
        raise PostgresUnavailable(f"PostgreSQL does not answer ({type(error).__name__})") from error
    return AttemptHistory(**row, attempts=[dict(attempt) for attempt in attempts])
