"""The outbox: messages are written in the transaction of their row, and published after its commit.

A service's schema holds the table:

    CREATE TABLE <schema>.outbox (
        message_id uuid PRIMARY KEY,
        type text NOT NULL,
        body bytea NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now()
    );

The service's own statement inserts the messages. `OutboxRelay.offer` then publishes them at once. Messages left over
by a crash or an unreachable broker are swept later, by any replica.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from datetime import timedelta
from types import TracebackType
from typing import Self
from uuid import UUID

import asyncpg
import structlog
from prometheus_client import Counter, Gauge

from orylo_common.broker.ports import Broker, Outgoing
from orylo_common.pace import Pace
from orylo_common.repeating import repeating

PUBLISHED = Counter("orylo_outbox_published_total", "Messages confirmed by the broker", ["schema", "path"])
WAITING = Gauge("orylo_outbox_waiting", "Messages offered and not yet confirmed, in this process", ["schema"])

BATCH = 500
# Further messages are only in the table, and the sweeper publishes them.
MAX_OFFERED = 50_000
SWEEP_EVERY = timedelta(seconds=1)
# Between two batches: messages offered meanwhile are published together.
PACE = timedelta(milliseconds=5)
# Published rows are deleted together. After a crash before that, the sweeper publishes them again.
DELETE_EVERY = timedelta(milliseconds=100)
# Longer than any publish takes, so the sweeper does not race `offer`.
SWEEP_AGE = timedelta(seconds=5)
# On exit, for publishing the offered messages.
DRAIN = timedelta(seconds=10)

log = structlog.get_logger(__name__)


class OutboxRelay:
    """Publishes the outbox of one schema. A committed message is never lost, and may be published twice."""

    def __init__(self, pool: asyncpg.Pool, schema: str, broker: Broker) -> None:
        self._pool = pool
        self._broker = broker
        self._schema = schema
        self._offered: deque[Outgoing] = deque()
        self._confirmed: list[UUID] = []
        self._wake = asyncio.Event()
        self._drained = asyncio.Event()
        self._loops = AsyncExitStack()
        self._pace = Pace(PACE)
        self._closing = False
        self._failing = False
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
        outbox, enter = f"{self._schema}.outbox", self._loops.enter_async_context
        await enter(
            repeating(f"{outbox}.delete", self._delete_confirmed, every=DELETE_EVERY, on_exit=self._delete_confirmed)
        )
        await enter(repeating(f"{outbox}.sweep", self._sweep_all, every=SWEEP_EVERY))
        await enter(repeating(f"{outbox}.publish", self._publish_next))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Publish the offered messages. Any that cannot be published stay in the table for the next start."""
        self._closing = True
        self._wake.set()
        if not self._failing:
            with suppress(TimeoutError):
                async with asyncio.timeout(DRAIN.total_seconds()):
                    await self._drained.wait()
        await self._loops.aclose()

    def offer(self, messages: Sequence[Outgoing]) -> None:
        """Hand over messages whose rows are committed. Returns at once."""
        if len(self._offered) + len(messages) > MAX_OFFERED:
            return
        self._offered.extend(messages)
        self._waiting.set(len(self._offered))
        self._wake.set()

    async def _publish_next(self) -> None:
        """Publish one batch, or wait until there is one."""
        if not self._offered:
            if self._closing:
                self._drained.set()
            self._wake.clear()
            await self._wake.wait()
            return
        if not self._closing:
            await self._pace.turn()
        batch = [self._offered.popleft() for _ in range(min(len(self._offered), BATCH))]
        self._waiting.set(len(self._offered))
        try:
            await self._broker.publish(batch)
        except BaseException:
            # The rows are still there for the sweeper. Without a broker the memory must not fill up.
            self._offered.clear()
            self._waiting.set(0)
            self._failing = True
            self._drained.set()
            raise
        self._failing = False
        self._confirmed += [message.message_id for message in batch]
        self._published.inc(len(batch))

    async def _delete_confirmed(self) -> None:
        """Rows that could not be deleted are published again by the sweeper."""
        confirmed, self._confirmed = self._confirmed, []
        if confirmed:
            await self._pool.execute(self._delete, confirmed)

    async def _sweep_all(self) -> None:
        while await self.sweep() == BATCH:
            pass

    async def sweep(self, *, older_than: timedelta = SWEEP_AGE) -> int:
        """Publish one batch of rows older than `older_than`. Return their number."""
        async with self._pool.acquire() as connection, connection.transaction():
            rows = await connection.fetch(self._sweep, older_than)
            if rows:
                await self._broker.publish([Outgoing(row["message_id"], row["type"], row["body"]) for row in rows])
                await connection.execute(self._delete, [row["message_id"] for row in rows])
                self._swept.inc(len(rows))
                log.info("outbox.swept", schema=self._schema, messages=len(rows))
            return len(rows)
