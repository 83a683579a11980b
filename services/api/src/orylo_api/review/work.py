"""Claims, assignments and postponements: who works on which case.

A claim lasts for a few minutes after its holder last renewed it. Only the holder may decide the case meanwhile.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from orylo_api.errors import Conflict, HeldByAnother, NotFound
from orylo_api.http.fields import CaseHolder
from orylo_common.postgres.pool import Connection

HOLD = timedelta(minutes=5)

CLAIM = """
    UPDATE api.review_cases SET
        claimed_at = CASE WHEN claimed_by = $2 AND claimed_until > $4 THEN claimed_at ELSE $4 END,
        claimed_by = $2, claimed_by_name = $3, claimed_until = $5
    WHERE payment_id = $1 RETURNING *
"""
RELEASE = """
    UPDATE api.review_cases SET claimed_by = NULL, claimed_by_name = NULL, claimed_at = NULL, claimed_until = NULL
    WHERE payment_id = $1 AND claimed_by = $2
    RETURNING *
"""
POSTPONE = """
    UPDATE api.review_cases SET
        later_until = $2, claimed_by = NULL, claimed_by_name = NULL, claimed_at = NULL, claimed_until = NULL
    WHERE payment_id = $1 RETURNING *
"""
ASSIGN = "UPDATE api.review_cases SET assigned_to = $2, assigned_to_name = $3 WHERE payment_id = $1 RETURNING *"
SETTLE = """
    UPDATE api.review_cases SET
        settled_at = $2, settled_by = $3,
        claimed_by = NULL, claimed_by_name = NULL, claimed_at = NULL, claimed_until = NULL
    WHERE payment_id = $1 RETURNING *
"""
REOPEN = """
    UPDATE api.review_cases SET
        settled_at = NULL, settled_by = NULL, later_until = NULL,
        claimed_by = $2, claimed_by_name = $3, claimed_at = $4, claimed_until = $5
    WHERE payment_id = $1 RETURNING *
"""
LOCK_CASES = """
    SELECT payment_id, claimed_by, claimed_until FROM api.review_cases WHERE payment_id = ANY($1) AND open
    ORDER BY payment_id FOR UPDATE
"""
SETTLE_CASES = """
    UPDATE api.review_cases SET
        settled_at = $2, settled_by = $3,
        claimed_by = NULL, claimed_by_name = NULL, claimed_at = NULL, claimed_until = NULL
    WHERE payment_id = ANY($1) AND open
"""
SELECT_CASE = "SELECT * FROM api.review_cases WHERE payment_id = $1 AND decision IS NOT NULL"
LOCK_CASE = f"{SELECT_CASE} FOR UPDATE"


@dataclass(frozen=True, slots=True)
class CaseWorker:
    """A user, an API key or a command."""

    id: UUID
    name: str


def holder_of(row: asyncpg.Record, now: datetime) -> CaseHolder | None:
    until = row["claimed_until"]
    return CaseHolder(name=row["claimed_by_name"], until=until) if until is not None and until > now else None


async def claim(connection: Connection, payment_id: str, worker: CaseWorker, now: datetime) -> asyncpg.Record:
    """Open the case, or renew the claim. Raises as `lock_open` does.

    Of two claims at once, the second waits for the first and finds the case held.
    """
    await lock_open(connection, payment_id, worker, now)
    [row] = await connection.fetch(CLAIM, payment_id, worker.id, worker.name, now, now + HOLD)
    return row


async def release(connection: Connection, payment_id: str, worker: CaseWorker, now: datetime) -> asyncpg.Record:
    """Release the case. Without a claim nothing changes. Raises `NotFound` and `HeldByAnother`."""
    row = await connection.fetchrow(RELEASE, payment_id, worker.id)
    if row is not None:
        return row
    found = await find(connection, payment_id)
    check_free(found, worker, now)
    return found


async def postpone(
    connection: Connection, payment_id: str, worker: CaseWorker, until: datetime, now: datetime
) -> asyncpg.Record:
    """Put the case off, and release it. Raises as `lock_open` does."""
    await lock_open(connection, payment_id, worker, now)
    [row] = await connection.fetch(POSTPONE, payment_id, until)
    return row


async def assign(connection: Connection, payment_id: str, member: CaseWorker | None) -> asyncpg.Record:
    """Raises `NotFound`, and `Conflict` for a closed case."""
    found = await connection.fetchrow(LOCK_CASE, payment_id)
    if found is None:
        raise _unknown()
    if not found["open"]:
        raise _closed(found)
    [row] = await connection.fetch(ASSIGN, payment_id, member and member.id, member and member.name)
    return row


async def lock_open(connection: Connection, payment_id: str, worker: CaseWorker, now: datetime) -> asyncpg.Record:
    """Return the case, locked until the transaction ends.

    Raises `NotFound`, `HeldByAnother`, and `Conflict` for a closed case.
    """
    row = await connection.fetchrow(LOCK_CASE, payment_id)
    if row is None:
        raise _unknown()
    if not row["open"]:
        raise _closed(row)
    check_free(row, worker, now)
    return row


async def settle(connection: Connection, payment_id: str, worker: CaseWorker, now: datetime) -> asyncpg.Record:
    """Close a case that the transaction has locked."""
    [row] = await connection.fetch(SETTLE, payment_id, now, worker.name)
    return row


async def settle_many(
    connection: Connection, payment_ids: Collection[str], worker: CaseWorker, now: datetime
) -> set[str]:
    """Close the open cases among the payments. Return those that others hold, which stay open."""
    rows = await connection.fetch(LOCK_CASES, list(payment_ids))
    held = {
        row["payment_id"] for row in rows if row["claimed_by"] not in (None, worker.id) and row["claimed_until"] > now
    }
    await connection.execute(SETTLE_CASES, [each for each in payment_ids if each not in held], now, worker.name)
    return held


async def settle_if_open(connection: Connection, payment_id: str, worker: CaseWorker, now: datetime) -> None:
    """Close the payment's case, if it has an open one. Raises `HeldByAnother`."""
    row = await connection.fetchrow(LOCK_CASE, payment_id)
    if row is not None and row["open"]:
        check_free(row, worker, now)
        await settle(connection, payment_id, worker, now)


async def reopen(connection: Connection, payment_id: str, worker: CaseWorker, now: datetime) -> asyncpg.Record:
    """Open a case again whose verdict is undone, for the one who undoes it."""
    [row] = await connection.fetch(REOPEN, payment_id, worker.id, worker.name, now, now + HOLD)
    return row


async def find(connection: Connection, payment_id: str) -> asyncpg.Record:
    """Raises `NotFound`."""
    row = await connection.fetchrow(SELECT_CASE, payment_id)
    if row is None:
        raise _unknown()
    return row


def check_free(row: asyncpg.Record, worker: CaseWorker, now: datetime) -> None:
    """Raise `HeldByAnother` if someone else has an open case open."""
    holder = holder_of(row, now)
    if row["open"] and holder is not None and row["claimed_by"] != worker.id:
        raise HeldByAnother(holder)


def _unknown() -> NotFound:
    return NotFound("the payment has no review case")


def _closed(row: asyncpg.Record) -> Conflict:
    by = f" by {row['settled_by']}" if row["settled_by"] else ""
    return Conflict(f"the case is closed: it was decided{by}, or the decision has changed", code="case_closed")
