"""What ingest writes: a webhook's event, what makes it unique, what it tells and the message that leaves.

All of it, for a whole batch of webhooks, is one statement.
"""

from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Self
from uuid import UUID

import asyncpg

from orylo_common.broker.ports import Outgoing
from orylo_common.messages import PaymentEnriched, type_of
from orylo_common.postgres.group_commit import GroupCommit
from orylo_common.postgres.pool import Connection
from orylo_ingest.intake import Record

# Arrays in, rows out: `item` has a line for each event of the batch, `claim` one for each fact told.
# Both are written in the order of their keys, so that two processes wait for each other and never deadlock.
# What is asked with IN is looked up in a hash; a join would be planned for one row, and cost the square of
# the batch.
RECORD = """
    WITH item AS (
        SELECT *, sha256(payload) AS body_sha256 FROM unnest(
            $1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
            $9::text[], $10::text[], $11::bytea[], $12::timestamptz[], $13::uuid[], $14::bytea[]
        ) AS i (
            tenant_id, event_id, gateway, gateway_event_id, gateway_event_type, status, message_type, reason,
            payment_id, facts, payload, occurred_at, message_id, body
        )
    ), registered AS (
        INSERT INTO ingest.dedupe_registry (tenant_id, event_id, body_sha256)
        SELECT tenant_id, event_id, body_sha256 FROM item
        ON CONFLICT DO NOTHING
        RETURNING tenant_id, event_id
    ), claim AS (
        SELECT tenant_id, fact, event_id
        FROM item JOIN registered USING (tenant_id, event_id), unnest(string_to_array(facts, E'\\n')) AS fact
    ), claimed AS (
        INSERT INTO ingest.facts (tenant_id, fact, event_id)
        SELECT tenant_id, fact, event_id FROM claim ORDER BY tenant_id, fact, event_id
        ON CONFLICT DO NOTHING
        RETURNING tenant_id, fact, event_id
    ), already_reported AS (
        SELECT DISTINCT tenant_id, event_id FROM claim
        WHERE (tenant_id, fact, event_id) NOT IN (SELECT tenant_id, fact, event_id FROM claimed)
    ), stored AS (
        INSERT INTO ingest.events (
            tenant_id, event_id, gateway, gateway_event_id, gateway_event_type, status, message_type, reason,
            payment_id, payload, body_sha256, occurred_at
        )
        SELECT tenant_id, event_id, gateway, gateway_event_id, gateway_event_type,
               CASE WHEN (tenant_id, event_id) IN (SELECT tenant_id, event_id FROM already_reported)
                    THEN 'already_reported' ELSE status END,
               message_type, reason, payment_id, convert_from(payload, 'UTF8')::jsonb, body_sha256, occurred_at
        FROM item JOIN registered USING (tenant_id, event_id)
    ), announced AS (
        INSERT INTO ingest.outbox (message_id, type, body)
        -- Without a message type of its own it is set aside, and people are told.
        SELECT message_id, coalesce(message_type, 'webhook.quarantined.v1'), body
        FROM item JOIN registered USING (tenant_id, event_id)
        WHERE body IS NOT NULL AND (tenant_id, event_id) NOT IN (SELECT tenant_id, event_id FROM already_reported)
    ), told_again AS (
        SELECT tenant_id, event_id, message_id,
               jsonb_set(convert_from(body, 'UTF8')::jsonb, '{type}', '"payment.enriched.v1"') AS message
        FROM already_reported JOIN item USING (tenant_id, event_id) WHERE message_type = 'payment.succeeded.v1'
    ), enriched AS (
        INSERT INTO ingest.outbox (message_id, type, body)
        SELECT message_id, 'payment.enriched.v1', convert_to(message::text, 'UTF8') FROM told_again
        RETURNING message_id, body
    )
    SELECT already_reported.tenant_id, already_reported.event_id, NULL::bytea AS body_sha256, true AS is_new,
           enriched.message_id, enriched.body
    FROM already_reported LEFT JOIN told_again USING (tenant_id, event_id) LEFT JOIN enriched USING (message_id)
    UNION ALL
    SELECT item.tenant_id, item.event_id, known.body_sha256, false, NULL, NULL
    FROM item
    LEFT JOIN registered USING (tenant_id, event_id)
    LEFT JOIN ingest.dedupe_registry known USING (tenant_id, event_id)
    WHERE registered.event_id IS NULL
"""

# An event that another process registered while the statement ran is not in its snapshot: asked for again.
SELECT_BODIES = """
    SELECT tenant_id, event_id, body_sha256 FROM ingest.dedupe_registry
    WHERE (tenant_id, event_id) IN (SELECT * FROM unnest($1::uuid[], $2::uuid[]))
"""

# The numbers of tenant and event: as UUIDs they would take ten times as long to compare and to look up.
Key = tuple[int, int]

ENRICHED = type_of(PaymentEnriched)

# Between two batches: a tenth of the 20 ms that an answer may take.
PACE = timedelta(milliseconds=2)
# Gateways wait ten seconds and more for an answer: a 503 must come before they hang up.
DEADLINE = timedelta(seconds=5)


class Outcome(StrEnum):
    ACCEPTED = "accepted"
    ALREADY_REPORTED = "already_reported"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class EventStore:
    """Durable once awaited. Raises `PostgresUnavailable`, and `Overloaded` when too much waits already."""

    _batches: GroupCommit[Record, Outcome]

    @classmethod
    @asynccontextmanager
    async def open(cls, pool: asyncpg.Pool, *, max_waiting: int = 5000) -> AsyncIterator[Self]:
        async with GroupCommit(
            record_batch,
            pool,
            name="ingest",
            max_pending=max_waiting,
            single_statement=True,
            pace=PACE,
            deadline=DEADLINE,
        ) as batches:
            yield cls(batches)

    def add(self, record: Record) -> Awaitable[Outcome]:
        return self._batches.add(record)

    async def add_conflict(self, record: Record) -> Outgoing | None:
        """Keep the second body under a taken event id; what tells people of it, unless it was kept before."""
        conflict = record.as_conflict()
        return conflict.announcement if await self._batches.add(conflict) is Outcome.ACCEPTED else None


async def record_batch(connection: Connection, records: Sequence[Record]) -> list[Outcome]:
    """Write every record that is new, and say what became of each.

    What leaves of one that tells a known sale again is `payment.enriched`, and of other known facts nothing: its
    `outgoing` becomes that.
    """
    firsts: dict[Key, Record] = {}
    for record in records:
        firsts.setdefault(_key(record.tenant_id, record.event_id), record)
    rows = await connection.fetch(RECORD, *_columns(firsts))

    outcomes = dict.fromkeys(firsts, Outcome.ACCEPTED)
    bodies: dict[Key, bytes | None] = {}
    for row in rows:
        key = _key(row["tenant_id"], row["event_id"])
        if row["is_new"]:
            outcomes[key] = Outcome.ALREADY_REPORTED
            body = row["body"]
            firsts[key].outgoing = Outgoing(row["message_id"], ENRICHED, body) if body is not None else None
        else:
            bodies[key] = row["body_sha256"]
    await _ask_for_missing(connection, bodies)

    answers = []
    for record in records:
        key = _key(record.tenant_id, record.event_id)
        first = firsts[key]
        if key not in bodies and record is first:
            answers.append(outcomes[key])
        else:
            same = record.body_sha256 == bodies.get(key, first.body_sha256)
            answers.append(Outcome.DUPLICATE if same else Outcome.CONFLICT)
    return answers


async def _ask_for_missing(connection: Connection, bodies: dict[Key, bytes | None]) -> None:
    missing = [key for key, body in bodies.items() if body is None]
    if missing:
        tenants, events = ([UUID(int=number) for number in numbers] for numbers in zip(*missing, strict=True))
        for row in await connection.fetch(SELECT_BODIES, tenants, events):
            bodies[_key(row["tenant_id"], row["event_id"])] = row["body_sha256"]


def _columns(records: dict[Key, Record]) -> list[list[object]]:
    batch = [records[key] for key in sorted(records)]
    leaving = [record.outgoing or record.announcement for record in batch]
    return [
        [record.tenant_id for record in batch],
        [record.event_id for record in batch],
        [record.gateway for record in batch],
        [record.gateway_event_id for record in batch],
        [record.gateway_event_type for record in batch],
        [record.status for record in batch],
        [record.message_type for record in batch],
        [record.reason for record in batch],
        [record.payment_id for record in batch],
        ["\n".join(record.facts) for record in batch],
        [record.payload for record in batch],
        [record.occurred_at for record in batch],
        [message and message.message_id for message in leaving],
        [message and message.body for message in leaving],
    ]


def _key(tenant_id: UUID, event_id: UUID) -> Key:
    return tenant_id.int, event_id.int
