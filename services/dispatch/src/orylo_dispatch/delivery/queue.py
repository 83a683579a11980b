"""The deliveries that are due, as a queue that many workers and replicas share.

A claim counts the attempt and notes its start before anything is sent. Whoever finds that note later, because
the claim's time ran out, knows that the outcome of that attempt is unknown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import asyncpg
from pydantic import ValidationError

from orylo_common.broker.ports import Outgoing
from orylo_common.messages import ConversionDispatched, ConversionFailed
from orylo_common.postgres.errors import TRANSIENT_ERRORS, PostgresUnavailable
from orylo_dispatch.conversions.announcements import INSERT_OUTBOX, announce, outbox_columns
from orylo_dispatch.conversions.facts import DELIVERY_COLUMNS, Delivery, DestinationKey
from orylo_dispatch.domain.attempt import Attempt, State, Step
from orylo_dispatch.domain.conversion import Conversion

CLAIM = f"""
    WITH due AS (
        SELECT delivery_id, attempts, started_at FROM dispatch.deliveries
        WHERE destination_id = $2 AND tenant_id = $1 AND state = 'pending' AND due_at <= $3
        ORDER BY due_at LIMIT $5
        FOR UPDATE SKIP LOCKED
    ), interrupted AS (
        INSERT INTO dispatch.attempts (tenant_id, delivery_id, attempt_number, at, outcome, code, reason)
        SELECT $1, delivery_id, attempts, started_at, 'unknown', 'interrupted',
               'The attempt was interrupted before its result was recorded.'
        FROM due WHERE started_at IS NOT NULL
    )
    UPDATE dispatch.deliveries AS d
    SET attempts = d.attempts + 1, due_at = $4, started_at = $3, maybe_sent_at = coalesce(d.maybe_sent_at, d.started_at)
    FROM due WHERE d.delivery_id = due.delivery_id
    RETURNING {DELIVERY_COLUMNS}, d.attempts, d.refusals, d.maybe_sent_at, d.conversion
"""  # noqa: S608

# `attempts` is the fence: a claim that has run out and was taken by another changes nothing.
SETTLE = """
    UPDATE dispatch.deliveries AS d
    SET state = s.state, due_at = s.due_at, attempts = s.attempts, refusals = s.refusals, started_at = NULL,
        maybe_sent_at = s.maybe_sent_at, code = s.code, reason = s.reason, settled_at = s.settled_at
    FROM unnest($1::uuid[], $2::integer[], $3::text[], $4::timestamptz[], $5::integer[], $6::integer[],
                $7::timestamptz[], $8::text[], $9::text[], $10::timestamptz[])
        AS s (delivery_id, claimed, state, due_at, attempts, refusals, maybe_sent_at, code, reason, settled_at)
    WHERE d.delivery_id = s.delivery_id AND d.attempts = s.claimed AND d.started_at IS NOT NULL
    RETURNING d.delivery_id
"""

INSERT_ATTEMPTS = """
    INSERT INTO dispatch.attempts (tenant_id, delivery_id, attempt_number, at, outcome, code, reason, duration_ms,
                                   trace_id)
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::integer[], $4::timestamptz[], $5::text[], $6::text[], $7::text[],
                         $8::integer[], $9::text[])
"""

# From one destination with something pending to the next, without reading what lies between.
DESTINATIONS_DUE = """
    WITH RECURSIVE waiting AS (
        (SELECT destination_id, tenant_id FROM dispatch.deliveries WHERE state = 'pending'
         ORDER BY destination_id, tenant_id LIMIT 1)
        UNION ALL
        SELECT following.* FROM waiting CROSS JOIN LATERAL (
            SELECT d.destination_id, d.tenant_id FROM dispatch.deliveries AS d
            WHERE d.state = 'pending' AND d.destination_id > waiting.destination_id
            ORDER BY d.destination_id, d.tenant_id LIMIT 1
        ) AS following
    )
    SELECT tenant_id, destination_id FROM waiting WHERE EXISTS (
        SELECT FROM dispatch.deliveries AS d
        WHERE d.destination_id = waiting.destination_id AND d.tenant_id = waiting.tenant_id
          AND d.state = 'pending' AND d.due_at <= $1
    )
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery in this worker's hands, for its attempt `number`; `conversion` is None where it cannot be read."""

    delivery: Delivery
    number: int
    refusals: int
    maybe_sent_at: datetime | None
    conversion: Conversion | None
    started_at: datetime


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of a claim; without an `attempt` it was not tried, and its number goes back."""

    claim: Claim
    step: Step
    attempt: Attempt | None


class DeliveryQueue:
    """Raises `PostgresUnavailable` from every method."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def claim(self, key: DestinationKey, *, limit: int, now: datetime, lease: timedelta) -> list[Claim]:
        """Up to `limit` deliveries of one destination, the longest due first, for as long as `lease`."""
        rows = await self._fetch(CLAIM, *key, now, now + lease, limit)
        return [
            Claim(Delivery(*columns), number, refusals, maybe_sent_at, _read(conversion), now)
            for *columns, number, refusals, maybe_sent_at, conversion in rows
        ]

    async def settle(self, settlements: Sequence[Settlement], *, now: datetime) -> list[Outgoing]:
        """Record results, and what they mean to others; the messages are in the outbox."""
        try:
            async with self._pool.acquire() as connection, connection.transaction():
                rows = await connection.fetch(SETTLE, *zip(*(_row(each, now) for each in settlements), strict=True))
                ours = {row[0] for row in rows}
                settled = [each for each in settlements if each.claim.delivery.delivery_id in ours]
                tried = [_attempt_row(each.claim, each.attempt) for each in settled if each.attempt is not None]
                if tried:
                    await connection.execute(INSERT_ATTEMPTS, *zip(*tried, strict=True))
                messages = [message for each in settled for message in _announcements(each, now)]
                if messages:
                    await connection.execute(INSERT_OUTBOX, *outbox_columns(messages))
                return messages
        except TRANSIENT_ERRORS as error:
            raise PostgresUnavailable(f"PostgreSQL did not commit ({type(error).__name__})") from error

    async def destinations_due(self, now: datetime) -> list[DestinationKey]:
        return [(tenant_id, destination_id) for tenant_id, destination_id in await self._fetch(DESTINATIONS_DUE, now)]

    async def _fetch(self, statement: str, *arguments: Any) -> list[asyncpg.Record]:
        try:
            rows: list[asyncpg.Record] = await self._pool.fetch(statement, *arguments)
        except TRANSIENT_ERRORS as error:
            raise PostgresUnavailable(f"PostgreSQL does not answer ({type(error).__name__})") from error
        return rows


def _read(stored: Any) -> Conversion | None:
    try:
        return Conversion.model_validate(stored)
    except ValidationError:
        return None


def _row(settlement: Settlement, now: datetime) -> tuple[Any, ...]:
    claim, step = settlement.claim, settlement.step
    return (
        claim.delivery.delivery_id,
        claim.number,
        step.state.value,
        step.due_at,
        claim.number if settlement.attempt else claim.number - 1,
        step.refusals,
        step.maybe_sent_at,
        step.code,
        step.reason,
        None if step.state is State.PENDING else now,
    )


def _attempt_row(claim: Claim, attempt: Attempt) -> tuple[Any, ...]:
    return (
        claim.delivery.tenant_id,
        claim.delivery.delivery_id,
        claim.number,
        claim.started_at,
        attempt.outcome.value,
        attempt.code,
        attempt.reason,
        round(attempt.duration / timedelta(milliseconds=1)),
        attempt.trace_id,
    )


def _announcements(settlement: Settlement, now: datetime) -> list[Outgoing]:
    delivery, step, number = settlement.claim.delivery, settlement.step, settlement.claim.number
    if step.state is State.DISPATCHED:
        return [announce(ConversionDispatched, delivery, now=now, attempts=number)]
    if step.state is State.FAILED:
        reason = step.reason or "The destination refused the conversion."
        return [announce(ConversionFailed, delivery, now=now, attempts=number, reason=reason, code=step.code)]
    return []
