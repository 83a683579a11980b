"""The outbox: messages are written in the transaction of their row, and published after its commit.

A service's schema holds the table:

    CREATE TABLE <schema>.outbox (
        message_id uuid PRIMARY KEY,
        type text NOT NULL,
        body bytea,
        bodies bytea,
        message_ids uuid[],
        created_at timestamptz NOT NULL DEFAULT now()
    );

The service's own statement inserts the messages: one in a row, with its `body` compressed by `outbox_bodies.py`, or
several in a row, in `bodies` (`outbox_rows.py`). `message_id` is then the row's own id, and `message_ids` says which of
them were written, if not all. `OutboxRelay.offer` then
passes them on at once: to subscriptions of the same process if those are all a message needs, else by publishing it. A
row is deleted once its messages are settled or published. Messages left over by a crash or an unreachable broker are
swept later, by any replica. A row of several messages is then published whole, even if some of them were before.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from datetime import timedelta
from time import monotonic
from types import TracebackType
from typing import Self
from uuid import UUID

import asyncpg
import structlog
from prometheus_client import Counter, Gauge

from orylo_common.broker.ports import Broker, Outgoing
from orylo_common.pace import Pace
from orylo_common.postgres.outbox_rows import messages_of
from orylo_common.repeating import repeating

PUBLISHED = Counter(
    "orylo_outbox_published_total", "Messages confirmed by the broker, or settled in this process", ["schema", "path"]
)
WAITING = Gauge("orylo_outbox_waiting", "Messages of this process that were offered and are not confirmed", ["schema"])

BATCH = 500
# Each of as many messages as one transaction wrote.
SWEPT_ROWS = 100
# Further messages are only in the table, and the sweeper publishes them.
MAX_OFFERED = 50_000
# The interval while messages may be left in the table, and otherwise.
SWEEP_EVERY = timedelta(seconds=1)
CHECK_EVERY = timedelta(seconds=10)
# Between two batches: messages offered meanwhile are published together.
PACE = timedelta(milliseconds=5)
# Rows are deleted together. After a crash before that, the sweeper publishes them again.
DELETE_EVERY = timedelta(seconds=1)
# Longer than any publish takes, so the sweeper does not race `offer`.
SWEEP_AGE = timedelta(seconds=5)
# After it, messages left behind now have reached that age.
HURRY_S = 2 * SWEEP_AGE.total_seconds()
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
        # Messages in the hands of this process's consumers.
        self._handed_over: dict[UUID, Outgoing] = {}
        # Rows of several messages that are all in the hands of this process.
        self._kept_rows: set[UUID] = set()
        # Rows to delete.
        self._confirmed: list[UUID] = []
        self._wake = asyncio.Event()
        self._drained = asyncio.Event()
        self._loops = AsyncExitStack()
        self._pace = Pace(PACE)
        self._closing = False
        self._failing = False
        # Sweep at short intervals until then: messages were left in the table, at first by an earlier process.
        self._hurry_until = monotonic() + HURRY_S
        self._next_check = 0.0
        self._delete = f"DELETE FROM {schema}.outbox WHERE message_id = ANY($1::uuid[])"  # noqa: S608
        # SKIP LOCKED: two replicas sweep different rows.
        self._sweep = f"""
            SELECT message_id, type, body, bodies, message_ids FROM {schema}.outbox
            WHERE created_at < now() - $1::interval AND message_id <> ALL($2::uuid[])
            ORDER BY created_at LIMIT {SWEPT_ROWS}
            FOR UPDATE SKIP LOCKED
        """  # noqa: S608
        WAITING.labels(schema).set_function(lambda: len(self._offered) + len(self._handed_over))
        self._published = PUBLISHED.labels(schema, "offered")
        self._settled = PUBLISHED.labels(schema, "handed_over")
        self._swept = PUBLISHED.labels(schema, "swept")

    async def __aenter__(self) -> Self:
        outbox, enter = f"{self._schema}.outbox", self._loops.enter_async_context
        await enter(
            repeating(f"{outbox}.delete", self._delete_confirmed, every=DELETE_EVERY, on_exit=self._delete_confirmed)
        )
        await enter(repeating(f"{outbox}.sweep", self._sweep_when_due, every=SWEEP_EVERY))
        await enter(repeating(f"{outbox}.publish", self._publish_next))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Pass on the offered messages. Any that cannot be passed on stay in the table for the next start."""
        self._closing = True
        self._wake.set()
        if not self._failing:
            with suppress(TimeoutError):
                async with asyncio.timeout(DRAIN.total_seconds()):
                    await self._drained.wait()
        await self._loops.aclose()

    def offer(self, messages: Sequence[Outgoing]) -> None:
        """Pass on messages whose rows are committed. Returns at once."""
        for message in messages:
            if message.row is not None:
                message.row.unoffered -= 1
                if not message.row.unoffered and not message.row.is_left:
                    self._kept_rows.add(message.row.row_id)
        publish = [message for message in messages if not self._hand_over(message)]
        if len(self._offered) + len(publish) > MAX_OFFERED:
            self._leave(publish)
        elif publish:
            self._offered.extend(publish)
            self._wake.set()

    def _hand_over(self, message: Outgoing) -> bool:
        """Hand the message to consumers in this process. Return false if it must be published."""
        if not self._broker.hand_over(message, self._on_settled):
            return False
        self._handed_over[message.message_id] = message
        return True

    def _on_settled(self, message_id: UUID, done: bool) -> None:
        message = self._handed_over.pop(message_id)
        if done:
            self._confirm(message)
            self._settled.inc()
        else:
            self._leave([message])
        if self._closing:
            self._wake.set()

    def _confirm(self, message: Outgoing) -> None:
        row = message.row
        if row is None:
            self._confirmed.append(message.message_id)
            return
        row.open -= 1
        if not row.open:
            self._kept_rows.discard(row.row_id)
            self._confirmed.append(row.row_id)

    def _leave(self, messages: Sequence[Outgoing]) -> None:
        """Have the sweeper find messages that this process leaves in the table."""
        self._hurry_until = monotonic() + HURRY_S
        for message in messages:
            if message.row is not None:
                message.row.is_left = True
                self._kept_rows.discard(message.row.row_id)

    async def _publish_next(self) -> None:
        """Publish one batch, or wait until there is one."""
        if not self._offered:
            if self._closing and not self._handed_over:
                self._drained.set()
            self._wake.clear()
            await self._wake.wait()
            return
        if not self._closing:
            await self._pace.turn()
        batch = [self._offered.popleft() for _ in range(min(len(self._offered), BATCH))]
        try:
            await self._broker.publish(batch)
        except BaseException:
            # The rows are still there for the sweeper. Without a broker the memory must not fill up.
            self._leave([*batch, *self._offered])
            self._offered.clear()
            self._failing = True
            self._drained.set()
            raise
        self._failing = False
        for message in batch:
            self._confirm(message)
        self._published.inc(len(batch))

    async def _delete_confirmed(self) -> None:
        """Rows that could not be deleted are published again by the sweeper."""
        confirmed, self._confirmed = self._confirmed, []
        if confirmed:
            await self._pool.execute(self._delete, confirmed)

    async def _sweep_when_due(self) -> None:
        if self._hurry_until < monotonic() < self._next_check:
            return
        while await self.sweep() == SWEPT_ROWS:
            pass
        self._next_check = monotonic() + CHECK_EVERY.total_seconds()

    async def sweep(self, *, older_than: timedelta = SWEEP_AGE) -> int:
        """Publish up to `SWEPT_ROWS` rows older than `older_than`. Return their number."""
        async with self._pool.acquire() as connection, connection.transaction():
            rows = await connection.fetch(self._sweep, older_than, [*self._handed_over, *self._kept_rows])
            if rows:
                messages = [message for row in rows for message in messages_of(row)]
                for first in range(0, len(messages), BATCH):
                    await self._broker.publish(messages[first : first + BATCH])
                await connection.execute(self._delete, [row["message_id"] for row in rows])
                self._swept.inc(len(messages))
                log.info("outbox.swept", schema=self._schema, messages=len(messages))
            return len(rows)
