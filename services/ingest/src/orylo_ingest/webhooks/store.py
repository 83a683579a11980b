"""Store webhooks: the event, its dedupe key, the facts it reports, and the message to publish.

A whole batch of webhooks is stored with one statement, in a transaction of its own only if payments have to be linked.
"""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Self
from uuid import UUID

import asyncpg

from orylo_common.broker.ports import Outgoing
from orylo_common.messages import PaymentEnriched, type_of
from orylo_common.postgres.group_commit import GroupCommit, Overloaded
from orylo_common.postgres.outbox_rows import OutboxRow
from orylo_common.postgres.pool import Connection
from orylo_ingest.webhooks.payment_links import linked
from orylo_ingest.webhooks.record import Record
from orylo_ingest.webhooks.statements import RECORD_BATCH, SELECT_BODIES

# Tenant and event as integers: UUIDs would take ten times as long to compare and look up.
Key = tuple[int, int]

ENRICHED = type_of(PaymentEnriched)

# Between two batches: a tenth of the 20 ms that a response may take.
PACE = timedelta(milliseconds=2)
# Gateways wait ten seconds or longer for a response. A 503 must arrive before they disconnect.
DEADLINE = timedelta(seconds=5)
MAX_WAITING = 10_000


class WriteOutcome(StrEnum):
    ACCEPTED = "accepted"
    ALREADY_REPORTED = "already_reported"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class EventStore:
    """Writes are durable once awaited. Raises `PostgresUnavailable`, or `Overloaded` if too many are waiting.

    Half of those that wait may be of one tenant, so that the burst of one leaves room to the others.
    """

    _batches: GroupCommit[Record, WriteOutcome]
    _max_of_one_tenant: int
    _waiting: Counter[UUID] = field(default_factory=Counter)

    @classmethod
    @asynccontextmanager
    async def open(cls, pool: asyncpg.Pool, *, max_waiting: int = MAX_WAITING) -> AsyncIterator[Self]:
        async with GroupCommit(
            record_batch,
            pool,
            name="ingest",
            max_pending=max_waiting,
            single_statement=True,
            pace=PACE,
            deadline=DEADLINE,
        ) as batches:
            yield cls(batches, max_waiting // 2)

    def add(self, record: Record) -> Awaitable[WriteOutcome]:
        tenant_id = record.tenant_id
        if self._waiting[tenant_id] >= self._max_of_one_tenant:
            raise Overloaded("too many writes of the tenant are waiting for PostgreSQL")
        written = self._batches.add(record)
        self._waiting[tenant_id] += 1
        written.add_done_callback(lambda _: self._waiting.subtract((tenant_id,)))
        return written

    async def add_conflict(self, record: Record) -> Outgoing | None:
        """Store a second body under a known event id. Returns its announcement, unless it was stored before."""
        conflict = record.as_conflict()
        return conflict.announcement if await self._batches.add(conflict) is WriteOutcome.ACCEPTED else None


async def record_batch(connection: Connection, records: Sequence[Record]) -> list[WriteOutcome]:
    """Write every new record, and return the outcome for each.

    Sets `outgoing` of records whose facts were reported before: to `payment.enriched` for a payment, else to None.
    """
    firsts: dict[Key, Record] = {}
    for record in records:
        firsts.setdefault(_key(record.tenant_id, record.event_id), record)
    async with linked(connection, list(firsts.values())):
        messages = {key: message for key, record in firsts.items() if (message := _message(record))}
        outbox = OutboxRow(list(messages.values()))
        rows = await connection.fetch(RECORD_BATCH, *_columns(firsts), *outbox.columns(), len(messages))

    outcomes = dict.fromkeys(firsts, WriteOutcome.ACCEPTED)
    bodies: dict[Key, bytes | None] = {}
    for row in rows:
        key = _key(row["tenant_id"], row["event_id"])
        if row["is_new"]:
            outcomes[key] = WriteOutcome.ALREADY_REPORTED
            body = row["body"]
            firsts[key].outgoing = Outgoing(row["message_id"], ENRICHED, body) if body is not None else None
        else:
            bodies[key] = row["body_sha256"]
    stored_before = {_key(row["tenant_id"], row["event_id"]) for row in rows}
    outbox.written([message for key, message in messages.items() if key not in stored_before])
    await _read_missing(connection, bodies)

    results = []
    for record in records:
        key = _key(record.tenant_id, record.event_id)
        first = firsts[key]
        if key not in bodies and record is first:
            results.append(outcomes[key])
        else:
            same = record.has_content(bodies.get(key, first.content_sha256))
            results.append(WriteOutcome.DUPLICATE if same else WriteOutcome.CONFLICT)
    return results


async def _read_missing(connection: Connection, bodies: dict[Key, bytes | None]) -> None:
    missing = [key for key, body in bodies.items() if body is None]
    if missing:
        tenants, events = ([UUID(int=number) for number in numbers] for numbers in zip(*missing, strict=True))
        for row in await connection.fetch(SELECT_BODIES, tenants, events):
            bodies[_key(row["tenant_id"], row["event_id"])] = row["body_sha256"]


def _columns(records: dict[Key, Record]) -> list[tuple[object, ...]]:
    """Return the parameters of `RECORD_BATCH`: one array per column, with rows in key order."""
    return list(zip(*(_row(records[key]) for key in sorted(records)), strict=True))


def _message(record: Record) -> Outgoing | None:
    return record.outgoing or record.announcement


def _row(record: Record) -> tuple[object, ...]:
    message = _message(record)
    return (
        record.tenant_id,
        record.event_id,
        record.gateway,
        record.gateway_event_id,
        record.gateway_event_type,
        record.status,
        record.message_type,
        record.reason,
        record.payment_id,
        "\n".join(record.facts),
        record.payload,
        record.occurred_at,
        message and message.message_id,
        message and message.body,
        record.content_sha256,
    )


def _key(tenant_id: UUID, event_id: UUID) -> Key:
    return tenant_id.int, event_id.int
