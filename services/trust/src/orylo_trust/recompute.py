"""Verifies that the stored scores equal the ones computed from the ledger."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from orylo_common.postgres.pool import Connection
from orylo_trust.domain.ledger import EntryCause, LedgerEntry, score, sums

SELECT_ACCOUNTS = """
    SELECT a.tenant_id, a.customer_id, a.start, a.total, a.score, a.causes,
           a.people ->> 0 = a.customer_id AS represents,
           array(
               SELECT ROW (l.cause, l.source_id, l.points, l.month, l.monthly_cap) FROM trust.ledger AS l
               WHERE l.tenant_id = a.tenant_id AND l.customer_id = a.customer_id
           ) AS entries,
           array(
               SELECT ROW (l.cause, l.source_id, l.points, l.month, l.monthly_cap) FROM trust.ledger AS l
               WHERE l.tenant_id = a.tenant_id AND a.people ->> 0 = a.customer_id
                 AND l.customer_id IN (SELECT jsonb_array_elements_text(a.people))
           ) AS joint_entries
    FROM trust.accounts AS a
    WHERE $1::uuid IS NULL OR a.tenant_id = $1
    ORDER BY a.tenant_id, a.customer_id
"""


@dataclass(frozen=True, slots=True)
class Difference:
    tenant_id: UUID
    customer_id: str
    stored: int
    recomputed: int


async def differences(pool: asyncpg.Pool, tenant_id: UUID | None = None) -> AsyncIterator[Difference]:
    """Yield the accounts, of one tenant or of all, whose stored score differs from their ledger's."""
    async with _snapshot(pool) as connection:
        async for row in connection.cursor(SELECT_ACCOUNTS, tenant_id, prefetch=500):
            causes = _sums(row["entries"])
            total = row["start"] + sum(causes.values())
            # The account that represents a person shows the score of all the person's accounts.
            joint = _sums(row["joint_entries"]) if row["represents"] else causes
            recomputed = score(row["start"] + sum(joint.values()))
            if (row["total"], row["score"], row["causes"]) != (total, recomputed, causes):
                yield Difference(row["tenant_id"], row["customer_id"], row["score"], recomputed)


def _sums(entries: Iterable[tuple[Any, ...]]) -> dict[str, int]:
    return sums(LedgerEntry(EntryCause(cause), *rest) for cause, *rest in entries)


@asynccontextmanager
async def _snapshot(pool: asyncpg.Pool) -> AsyncIterator[Connection]:
    """Open a transaction that reads one snapshot, whatever is written meanwhile."""
    async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        yield connection
