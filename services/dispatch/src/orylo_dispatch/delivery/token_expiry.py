"""Reads when access tokens expire, and reports it.

A token is read once a day, after a change of the destination, and after the destination refused it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import structlog

from orylo_common.broker.ports import Outgoing
from orylo_common.clock import Clock
from orylo_common.control import Destination
from orylo_common.control.plane import ControlPlane
from orylo_common.errors import TransientError
from orylo_common.ids import uuid7
from orylo_common.messages import DestinationTokenRead, encode
from orylo_dispatch.delivery.sink import DestinationKey, SinkKind
from orylo_dispatch.metrics import TOKEN_EXPIRES
from orylo_dispatch.outbox import write_messages

CHECK_EVERY = timedelta(minutes=1)
READ_EVERY = timedelta(days=1)
# After a read that failed.
READ_AGAIN = timedelta(hours=1)
# In one run; the next one reads more.
READS_AT_ONCE = 20

# `refused_since`: when the destination went on hold.
SELECT_KNOWN = """
    SELECT t.tenant_id, t.destination_id, t.configured_at, t.expires_at, t.read_at, s.since AS refused_since
    FROM dispatch.destination_tokens AS t
    LEFT JOIN dispatch.destination_states AS s
      ON s.tenant_id = t.tenant_id AND s.destination_id = t.destination_id AND s.status = 'on_hold'
"""
# Another replica may have read it meanwhile.
CLAIM = """
    INSERT INTO dispatch.destination_tokens AS known (tenant_id, destination_id, configured_at, read_at)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT (tenant_id, destination_id) DO UPDATE SET
        read_at = EXCLUDED.read_at, configured_at = EXCLUDED.configured_at,
        expires_at = CASE WHEN known.configured_at = EXCLUDED.configured_at THEN known.expires_at END
    WHERE known.read_at IS NOT DISTINCT FROM $5
    RETURNING true
"""
SET_EXPIRY = """
    UPDATE dispatch.destination_tokens SET expires_at = $4
    WHERE tenant_id = $1 AND destination_id = $2 AND configured_at = $3
    RETURNING true
"""
SET_READ_AT = "UPDATE dispatch.destination_tokens SET read_at = $3 WHERE tenant_id = $1 AND destination_id = $2"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class TokenExpiry:
    """Keeps `dispatch.destination_tokens` and its metric. `kinds` are those whose tokens are read."""

    pool: asyncpg.Pool
    plane: ControlPlane
    kinds: Mapping[str, SinkKind]
    clock: Clock
    offer: Callable[[Sequence[Outgoing]], None]

    async def check(self) -> None:
        """Read the tokens that are due, then set the metric of every token with a known end."""
        known = await self._known()
        used = self._used()
        now = self.clock.now()
        due = [each for key, each in used.items() if is_due(known.get(key), each, now)]
        for destination in due[:READS_AT_ONCE]:
            await self._read(destination, known.get((destination.tenant_id, destination.id)), now)
        if due:
            known = await self._known()
        TOKEN_EXPIRES.clear()
        for key, row in known.items():
            if key in used and row["expires_at"] is not None:
                TOKEN_EXPIRES.labels(str(key[1])).set(row["expires_at"].timestamp())

    async def _known(self) -> dict[DestinationKey, Mapping[str, Any]]:
        return {(row["tenant_id"], row["destination_id"]): dict(row) for row in await self.pool.fetch(SELECT_KNOWN)}

    def _used(self) -> dict[DestinationKey, Destination]:
        return {
            (each.tenant_id, each.id): each
            for tenant in self.plane.tenants()
            for each in self.plane.destinations(tenant.id)
            if each.enabled and each.secret and each.kind in self.kinds
        }

    async def _read(self, destination: Destination, known: Mapping[str, Any] | None, now: datetime) -> None:
        key = (destination.tenant_id, destination.id)
        read_before = known["read_at"] if known else None
        if not await self.pool.fetchval(CLAIM, *key, destination.updated_at, now, read_before):
            return
        try:
            expires_at = await self.kinds[destination.kind].connect(destination).token_expires_at()
        except TransientError as error:
            log.warning("dispatch.token_unread", destination_id=str(destination.id), reason=str(error))
            await self.pool.execute(SET_READ_AT, *key, now - READ_EVERY + READ_AGAIN)
        else:
            await self._store(destination, expires_at, now)

    async def _store(self, destination: Destination, expires_at: datetime | None, now: datetime) -> None:
        """Store the end and report it, unless the destination's newer token was read meanwhile."""
        key = (destination.tenant_id, destination.id)
        async with self.pool.acquire() as connection, connection.transaction():
            if not await connection.fetchval(SET_EXPIRY, *key, destination.updated_at, expires_at):
                return
            messages = [_message(destination, expires_at, now)]
            await write_messages(connection, messages)
        self.offer(messages)


def _message(destination: Destination, expires_at: datetime | None, now: datetime) -> Outgoing:
    message_id = uuid7()
    message = DestinationTokenRead(
        message_id=message_id,
        tenant_id=destination.tenant_id,
        correlation_id=message_id,
        occurred_at=now,
        destination_id=destination.id,
        destination=destination.kind,
        configured_at=destination.updated_at,
        expires_at=expires_at,
    )
    return Outgoing(message_id, message.type, encode(message))


def is_due(known: Mapping[str, Any] | None, destination: Destination, now: datetime) -> bool:
    """Return whether the token's end has to be read again."""
    if known is None:
        return True
    refused_since = known["refused_since"]
    return (
        now - known["read_at"] >= READ_EVERY
        or known["configured_at"] < destination.updated_at
        or (refused_since is not None and refused_since > known["read_at"])
    )
