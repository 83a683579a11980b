"""The due deliveries, as a queue that many workers and replicas share.

A claim counts the attempt and records its start before anything is sent. A later claim that finds this record, because
the first one expired, knows that the outcome of that attempt is unknown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from orylo_common.broker.ports import Outgoing
from orylo_common.postgres.errors import TRANSIENT_ERRORS, PostgresUnavailable
from orylo_common.postgres.outbox_rows import OutboxRow
from orylo_dispatch.delivery.deliverable import Deliverable, DeliverableColumns
from orylo_dispatch.delivery.sink import DestinationKey
from orylo_dispatch.domain.attempt import AttemptOutcome, DeliveryAttempt, DeliveryState, NextStep

CLAIM = """
    WITH due AS (
        SELECT delivery_id, attempts, started_at FROM {table}
        WHERE destination_id = $2 AND tenant_id = $1 AND state = 'pending' AND due_at <= $3
          AND NOT EXISTS (
              SELECT FROM dispatch.destination_states AS s
              WHERE s.tenant_id = $1 AND s.destination_id = $2 AND s.status = 'on_hold'
          )
        ORDER BY due_at LIMIT $5
        FOR UPDATE SKIP LOCKED
    ), interrupted AS (
        INSERT INTO dispatch.attempts (tenant_id, delivery_id, attempt_number, at, outcome, code, reason)
        SELECT $1, delivery_id, attempts, started_at, 'unknown', 'interrupted',
               'The attempt was interrupted before its result was recorded.'
        FROM due WHERE started_at IS NOT NULL
    )
    UPDATE {table} AS d
    SET attempts = d.attempts + 1, due_at = $4, started_at = $3, maybe_sent_at = coalesce(d.maybe_sent_at, d.started_at)
    FROM due WHERE d.delivery_id = due.delivery_id
    RETURNING d.delivery_id, d.destination_kind, d.paid_at, d.attempts, d.refusals, d.maybe_sent_at, {columns}
"""

# `attempts` fences off an expired claim: once another worker has claimed the delivery, the update matches no row.
# Most deliveries are accepted, with nothing more to say: that attempt is stored in the delivery's own row.
SETTLE = """
    WITH settled AS (
        UPDATE {table} AS d
        SET state = s.state, due_at = s.due_at, attempts = s.attempts, refusals = s.refusals, started_at = NULL,
            maybe_sent_at = s.maybe_sent_at, code = s.code, reason = s.reason, settled_at = s.settled_at,
            accepted_at = s.accepted_at, accepted_ms = s.accepted_ms, accepted_trace_id = s.accepted_trace_id
        FROM unnest($1::uuid[], $2::integer[], $3::text[], $4::timestamptz[], $5::integer[], $6::integer[],
                    $7::timestamptz[], $8::text[], $9::text[], $10::timestamptz[], $11::timestamptz[], $12::integer[],
                    $13::text[])
            AS s (delivery_id, claimed, state, due_at, attempts, refusals, maybe_sent_at, code, reason, settled_at,
                  accepted_at, accepted_ms, accepted_trace_id)
        WHERE d.delivery_id = s.delivery_id AND d.attempts = s.claimed AND d.started_at IS NOT NULL
        RETURNING d.delivery_id
    ), tried AS (
        INSERT INTO dispatch.attempts (tenant_id, delivery_id, attempt_number, at, outcome, code, reason, duration_ms,
                                       trace_id)
        SELECT *
        FROM unnest($14::uuid[], $15::uuid[], $16::integer[], $17::timestamptz[], $18::text[], $19::text[], $20::text[],
                    $21::integer[], $22::text[])
            AS t (tenant_id, delivery_id, attempt_number, at, outcome, code, reason, duration_ms, trace_id)
        WHERE delivery_id IN (SELECT delivery_id FROM settled)
    ), announced AS (
        INSERT INTO dispatch.outbox (message_id, type, bodies, message_ids)
        SELECT $23, $24, $25, CASE WHEN count(*) < cardinality($27) THEN array_agg(message_id) END
        FROM unnest($26::uuid[], $27::uuid[]) AS m (delivery_id, message_id)
        WHERE delivery_id IN (SELECT delivery_id FROM settled)
        HAVING count(*) > 0
    )
    SELECT delivery_id FROM settled
"""

# Steps from one destination with a pending delivery to the next, without reading the rows between them.
DESTINATIONS_DUE = """
    WITH RECURSIVE waiting AS (
        (SELECT destination_id, tenant_id FROM {table} WHERE state = 'pending'
         ORDER BY destination_id, tenant_id LIMIT 1)
        UNION ALL
        SELECT following.* FROM waiting CROSS JOIN LATERAL (
            SELECT d.destination_id, d.tenant_id FROM {table} AS d
            WHERE d.state = 'pending' AND d.destination_id > waiting.destination_id
            ORDER BY d.destination_id, d.tenant_id LIMIT 1
        ) AS following
    )
    SELECT tenant_id, destination_id FROM waiting WHERE EXISTS (
        SELECT FROM {table} AS d
        WHERE d.destination_id = waiting.destination_id AND d.tenant_id = waiting.tenant_id
          AND d.state = 'pending' AND d.due_at <= $1
    )
"""


@dataclass(frozen=True, slots=True)
class ClaimedDelivery:
    """A delivery that one worker holds for its attempt `number`. `occurred_at` is when the reported event happened."""

    delivery_id: UUID
    kind: str
    occurred_at: datetime
    number: int
    answered_failures: int
    maybe_sent_at: datetime | None
    deliverable: Deliverable
    destination: DestinationKey
    started_at: datetime


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """The result of a claim. Without an `attempt` the delivery was not tried, and the number is used again."""

    claim: ClaimedDelivery
    step: NextStep
    attempt: DeliveryAttempt | None

    @property
    def accepted(self) -> DeliveryAttempt | None:
        """The attempt, if the destination accepted the delivery and said nothing more."""
        attempt = self.attempt
        if attempt is None or attempt.outcome is not AttemptOutcome.DISPATCHED or attempt.code or attempt.reason:
            return None
        return attempt


class DeliveryQueue:
    """Every method raises `PostgresUnavailable`."""

    def __init__(self, pool: asyncpg.Pool, columns: DeliverableColumns) -> None:
        self._pool = pool
        self._claim = CLAIM.format(table=columns.table, columns=columns.sql)
        self._settle = SETTLE.format(table=columns.table)
        self._destinations_due = DESTINATIONS_DUE.format(table=columns.table)
        self._read = columns.read

    async def claim(self, key: DestinationKey, *, limit: int, now: datetime, lease: timedelta) -> list[ClaimedDelivery]:
        """Claim up to `limit` deliveries of one destination for the time of `lease`, the longest due first.

        Of a destination on hold none is claimed, even if this replica does not know of the hold yet.
        """
        rows = await self._fetch(self._claim, *key, now, now + lease, limit)
        return [
            ClaimedDelivery(id_, kind, occurred_at, number, failures, maybe_sent_at, self._read(*columns), key, now)
            for id_, kind, occurred_at, number, failures, maybe_sent_at, *columns in rows
        ]

    async def settle(self, results: Sequence[DeliveryResult], *, now: datetime) -> list[Outgoing]:
        """Record the results. Return the messages to publish, which are in the outbox."""
        messages = [(each.claim.delivery_id, message) for each in results for message in _messages(each, now)]
        tried = [(each.claim, each.attempt) for each in results if each.attempt and not each.accepted]
        outbox = OutboxRow([message for _, message in messages])
        rows = await self._fetch(
            self._settle,
            *_columns([_delivery_row(each, now) for each in results], 13),
            *_columns([_attempt_row(claim, attempt) for claim, attempt in tried], 9),
            *outbox.columns(),
            [id_ for id_, _ in messages],
            [message.message_id for _, message in messages],
        )
        still_ours = {row["delivery_id"] for row in rows}
        written = [message for id_, message in messages if id_ in still_ours]
        outbox.written(written)
        return written

    async def destinations_due(self, now: datetime) -> list[DestinationKey]:
        rows = await self._fetch(self._destinations_due, now)
        return [(tenant_id, destination_id) for tenant_id, destination_id in rows]

    async def _fetch(self, statement: str, *arguments: Any) -> list[asyncpg.Record]:
        try:
            rows: list[asyncpg.Record] = await self._pool.fetch(statement, *arguments)
        except TRANSIENT_ERRORS as error:
            raise PostgresUnavailable(f"PostgreSQL does not answer ({type(error).__name__})") from error
        return rows


def _columns(rows: Sequence[tuple[Any, ...]], width: int) -> Sequence[Sequence[Any]]:
    """Return the rows as arrays, one for each of the `width` columns."""
    return list(zip(*rows, strict=True)) if rows else [()] * width


def _delivery_row(result: DeliveryResult, now: datetime) -> tuple[Any, ...]:
    claim, step, accepted = result.claim, result.step, result.accepted
    return (
        claim.delivery_id,
        claim.number,
        step.state.value,
        step.due_at,
        claim.number if result.attempt else claim.number - 1,
        step.answered_failures,
        step.maybe_sent_at,
        step.code,
        step.reason,
        None if step.state is DeliveryState.PENDING else now,
        accepted and claim.started_at,
        accepted and _milliseconds(accepted),
        accepted and accepted.trace_id,
    )


def _milliseconds(attempt: DeliveryAttempt) -> int:
    return round(attempt.duration / timedelta(milliseconds=1))


def _attempt_row(claim: ClaimedDelivery, attempt: DeliveryAttempt) -> tuple[Any, ...]:
    tenant_id, _ = claim.destination
    return (
        tenant_id,
        claim.delivery_id,
        claim.number,
        claim.started_at,
        attempt.outcome.value,
        attempt.code,
        attempt.reason,
        _milliseconds(attempt),
        attempt.trace_id,
    )


def _messages(result: DeliveryResult, now: datetime) -> list[Outgoing]:
    claim, step = result.claim, result.step
    if step.state is DeliveryState.DISPATCHED and result.attempt is not None:
        return [claim.deliverable.dispatched(result.attempt, attempts=claim.number, now=now)]
    if step.state is DeliveryState.FAILED:
        return [claim.deliverable.failed(attempts=claim.number, code=step.code, reason=step.reason, now=now)]
    return []
