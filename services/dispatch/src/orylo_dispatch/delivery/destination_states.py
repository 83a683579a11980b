"""The states of all destinations in PostgreSQL, shared by replicas. Written when a state changes.

A destination without a row, or without an entry in memory, is active. `DeliveryQueue.claim` also reads the table, so
that a replica that does not know of a hold yet claims nothing.
"""

from collections.abc import Callable, Container, Sequence
from dataclasses import replace
from datetime import datetime

import asyncpg
import structlog

from orylo_common.broker.ports import Outgoing
from orylo_common.ids import uuid7
from orylo_common.messages import DestinationStatus, DestinationStatusChanged, encode
from orylo_common.postgres.errors import TRANSIENT_ERRORS, PostgresUnavailable
from orylo_dispatch.delivery.availability import DestinationState, must_be_stored
from orylo_dispatch.delivery.sink import DestinationKey
from orylo_dispatch.metrics import ON_HOLD
from orylo_dispatch.outbox import write_messages

log = structlog.get_logger(__name__)

EVENTS = {
    DestinationStatus.ACTIVE: "dispatch.destination_resumed",
    DestinationStatus.ON_HOLD: "dispatch.destination_on_hold",
    DestinationStatus.THROTTLED: "dispatch.destination_throttled",
    DestinationStatus.UNAVAILABLE: "dispatch.destination_unavailable",
}

SELECT_STOPPED = """
    SELECT tenant_id, destination_id, status, since, kind, configured_at, code, reason, next_attempt_at
    FROM dispatch.destination_states WHERE status <> 'active'
"""
# Of a status that is stored already, only the pause is new.
UPSERT = """
    INSERT INTO dispatch.destination_states AS stored
        (tenant_id, destination_id, version, status, since, kind, configured_at, code, reason, next_attempt_at)
    VALUES ($1, $2, 1, $3, $4, $5, $6, $7, $8, $9)
    ON CONFLICT (tenant_id, destination_id) DO UPDATE SET
        status = EXCLUDED.status, next_attempt_at = EXCLUDED.next_attempt_at,
        configured_at = CASE stored.status
            WHEN EXCLUDED.status THEN greatest(stored.configured_at, EXCLUDED.configured_at)
            ELSE EXCLUDED.configured_at
        END,
        version = CASE stored.status WHEN EXCLUDED.status THEN stored.version ELSE stored.version + 1 END,
        since = CASE stored.status WHEN EXCLUDED.status THEN stored.since ELSE EXCLUDED.since END,
        code = CASE stored.status WHEN EXCLUDED.status THEN stored.code ELSE EXCLUDED.code END,
        reason = CASE stored.status WHEN EXCLUDED.status THEN stored.reason ELSE EXCLUDED.reason END
    RETURNING version, since
"""
CLAIM_PROBE = """
    UPDATE dispatch.destination_states SET next_attempt_at = $4
    WHERE tenant_id = $1 AND destination_id = $2 AND status = 'on_hold' AND next_attempt_at <= $3
    RETURNING destination_id
"""


class DestinationStates:
    """Every method that reads or writes raises `PostgresUnavailable`."""

    def __init__(self, pool: asyncpg.Pool, *, offer: Callable[[Sequence[Outgoing]], None]) -> None:
        self._pool = pool
        self._offer = offer
        self._stopped: dict[DestinationKey, DestinationState] = {}

    def of(self, key: DestinationKey) -> DestinationState | None:
        """Return why the destination is not sent to, as far as this replica knows; `None` if it is active."""
        return self._stopped.get(key)

    def on_hold(self, kinds: Container[str]) -> list[DestinationKey]:
        """Return the destinations of these kinds that are on hold."""
        return [
            key
            for key, state in self._stopped.items()
            if state.status is DestinationStatus.ON_HOLD and state.kind in kinds
        ]

    async def load(self) -> None:
        """Read what other replicas, and this one before its start, have stored."""
        try:
            rows = await self._pool.fetch(SELECT_STOPPED)
        except TRANSIENT_ERRORS as error:
            raise _unavailable(error) from error
        known = {
            (tenant_id, destination_id): DestinationState(DestinationStatus(status), *others)
            for tenant_id, destination_id, status, *others in rows
        }
        for key in self._stopped.keys() | known.keys():
            self._keep(key, known.get(key))

    async def change(self, key: DestinationKey, observed: DestinationState) -> None:
        """Store the state and announce it, if it differs from the known one."""
        if not must_be_stored(self._stopped.get(key), observed):
            return
        try:
            async with self._pool.acquire() as connection, connection.transaction():
                [(version, since)] = await connection.fetch(
                    UPSERT,
                    *key,
                    observed.status,
                    observed.since,
                    observed.kind,
                    observed.configured_at,
                    observed.code,
                    observed.reason,
                    observed.next_attempt_at,
                )
                messages = [_message(key, observed, version)] if since == observed.since else []
                await write_messages(connection, messages)
        except TRANSIENT_ERRORS as error:
            raise _unavailable(error) from error
        is_active = observed.status is DestinationStatus.ACTIVE
        self._keep(key, None if is_active else replace(observed, since=since))
        if messages:
            self._offer(messages)
            _log(key, observed)

    async def claim_probe(self, key: DestinationKey, *, now: datetime, next_attempt_at: datetime) -> bool:
        """Return whether this replica is the one to probe the destination on hold now."""
        try:
            return await self._pool.fetchval(CLAIM_PROBE, *key, now, next_attempt_at) is not None
        except TRANSIENT_ERRORS as error:
            raise _unavailable(error) from error

    def _keep(self, key: DestinationKey, state: DestinationState | None) -> None:
        if state is None:
            self._stopped.pop(key, None)
        else:
            self._stopped[key] = state
        ON_HOLD.labels(str(key[1])).set(state is not None and state.status is DestinationStatus.ON_HOLD)


def _message(key: DestinationKey, state: DestinationState, version: int) -> Outgoing:
    tenant_id, destination_id = key
    message_id = uuid7()
    message = DestinationStatusChanged(
        message_id=message_id,
        tenant_id=tenant_id,
        correlation_id=message_id,
        occurred_at=state.since,
        destination_id=destination_id,
        destination=state.kind,
        version=version,
        status=state.status,
        code=state.code,
        reason=state.reason,
    )
    return Outgoing(message_id, message.type, encode(message))


def _log(key: DestinationKey, state: DestinationState) -> None:
    tenant_id, destination_id = key
    log.warning(
        EVENTS[state.status],
        tenant_id=str(tenant_id),
        destination_id=str(destination_id),
        code=state.code,
        reason=state.reason,
    )


def _unavailable(error: BaseException) -> PostgresUnavailable:
    return PostgresUnavailable(f"PostgreSQL does not answer ({type(error).__name__})")
