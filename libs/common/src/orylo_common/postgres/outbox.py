"""Messages that are written with the row they tell about, and leave after it is committed.

A service's schema holds the table:

    CREATE TABLE <schema>.outbox (
        message_id uuid PRIMARY KEY,
        type text NOT NULL,
        body bytea NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now()
    );

Its own statement inserts there; `OutboxRelay.offer` then publishes at once, and what a crash or an absent
broker left behind is swept up later, by whichever replica comes first.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from datetime import timedelta
from types import TracebackType
from typing import Self
from uuid import UUID

import asyncpg
import structlog
from prometheus_client import Counter, Gauge

from orylo_common.broker.ports import Broker, Outgoing
from orylo_common.errors import TransientError
from orylo_common.pace import Pace
from orylo_common.postgres.errors import TRANSIENT_ERRORS, raise_if_cancelled

PUBLISHED = Counter("orylo_outbox_published_total", "Messages confirmed by the broker", ["schema", "path"])
WAITING = Gauge("orylo_outbox_waiting", "Messages offered and not yet confirmed, in this process", ["schema"])

BATCH = 500
# Above this many in memory, the table alone remembers: the sweeper brings them.
MAX_OFFERED = 50_000
SWEEP_EVERY = timedelta(seconds=1)
# Between two publishings: what is offered meanwhile leaves together.
PACE = timedelta(milliseconds=5)
# Rows of what has left are deleted together: a crash before that only makes the sweeper publish them again.
DELETE_EVERY = timedelta(milliseconds=100)
# Older than any publish that still runs, so that the sweeper does not race the offer.
SWEEP_AGE = timedelta(seconds=5)

log = structlog.get_logger(__name__)


class OutboxRelay:
    """Publishes one schema's outbox; the messages of a row committed are never lost, and may repeat."""

    def __init__(self, pool: asyncpg.Pool, schema: str, broker: Broker) -> None:
        self._pool = pool
        self._broker = broker
        self._schema = schema
        self._offered: deque[Outgoing] = deque()
        self._confirmed: list[UUID] = []
        self._wake = asyncio.Event()
        self._pace = Pace(PACE)
        self._closing = False
        self._delete = f"DELETE FROM {schema}.outbox WHERE message_id = ANY($1::uuid[])"  # noqa: S608
        # SKIP LOCKED: two replicas sweep different rows.
        self._sweep = f"""
            SELECT message_id, type, body FROM {schema}.outbox
            WHERE created_at < now() - $1::interval
            ORDER BY created_at LIMIT {BATCH}
            FOR UPDATE SKIP LOCKED
        """  # noqa: S608
        self._waiting = WAITING.labels(schema)
        self._published = PUBLISHED.labels(schema, "offered")
        self._swept = PUBLISHED.labels(schema, "swept")

    async def __aenter__(self) -> Self:
        self._publisher = asyncio.create_task(self._publish_offered())
        self._upkeep = [asyncio.create_task(self._delete_for_ever()), asyncio.create_task(self._sweep_for_ever())]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Publish what was offered; what cannot leave now is in the table for the next start."""
        self._closing = True
        self._wake.set()
        for task in self._upkeep:
            task.cancel()
        await asyncio.wait([self._publisher], timeout=10)
        self._publisher.cancel()
        await asyncio.gather(self._publisher, *self._upkeep, return_exceptions=True)
        await self._delete_confirmed()

    def offer(self, messages: Sequence[Outgoing]) -> None:
        """Hand over messages whose rows are committed; returns at once."""
        if len(self._offered) + len(messages) > MAX_OFFERED:
            return
        self._offered.extend(messages)
        self._waiting.set(len(self._offered))
        self._wake.set()

    async def _publish_offered(self) -> None:
        while True:
            if not self._offered:
                if self._closing:
                    return
                self._wake.clear()
                await self._wake.wait()
                continue
            if not self._closing:
                await self._pace.turn()
            batch = [self._offered.popleft() for _ in range(min(len(self._offered), BATCH))]
            self._waiting.set(len(self._offered))
            try:
                await self._broker.publish(batch)
                self._confirmed += [message.message_id for message in batch]
                self._published.inc(len(batch))
            except TransientError as error:
                raise_if_cancelled()
                # The rows are still there. Memory is let go, so that an absent broker fills no buffer.
                log.warning("outbox.publish_failed", schema=self._schema, error=type(error).__name__)
                self._offered.clear()
                if self._closing:
                    return
                await asyncio.sleep(1)

    async def _delete_for_ever(self) -> None:
        while True:
            await asyncio.sleep(DELETE_EVERY.total_seconds())
            await self._delete_confirmed()

    async def _delete_confirmed(self) -> None:
        confirmed, self._confirmed = self._confirmed, []
        if not confirmed:
            return
        try:
            await self._pool.execute(self._delete, confirmed)
        except TRANSIENT_ERRORS as error:
            log.warning("outbox.delete_failed", schema=self._schema, error=type(error).__name__)

    async def _sweep_for_ever(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_EVERY.total_seconds())
            try:
                while await self.sweep() == BATCH:
                    pass
            except (TransientError, *TRANSIENT_ERRORS) as error:
                raise_if_cancelled()
                log.warning("outbox.sweep_failed", schema=self._schema, error=type(error).__name__)

    async def sweep(self, *, older_than: timedelta = SWEEP_AGE) -> int:
        """Publish one batch of rows left behind for longer than `older_than`; how many there were."""
        async with self._pool.acquire() as connection, connection.transaction():
            rows = await connection.fetch(self._sweep, older_than)
            if rows:
                await self._broker.publish([Outgoing(row["message_id"], row["type"], row["body"]) for row in rows])
                await connection.execute(self._delete, [row["message_id"] for row in rows])
                self._swept.inc(len(rows))
                log.info("outbox.swept", schema=self._schema, messages=len(rows))
            return len(rows)
