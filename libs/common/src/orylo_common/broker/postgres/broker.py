"""The event bus in PostgreSQL: one row per message, and one per queue that has not settled it yet.

For a platform of one or a few processes. A publish is one durable statement. A subscription's statements
(`subscription.py`) do not wait for the disk: if the server loses them, the message is redelivered. Connections must
reach PostgreSQL directly or through a pooler in session mode, because a lease is a session's lock.

Tenants take turns in a queue, so that the backlog of one does not delay the messages of another.

Between services of one process a message needs no row: `hand_over` passes it on in memory (`direct.py`).
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Self
from uuid import UUID, uuid4

import asyncpg

from orylo_common.broker.ports import BrokerUnavailable, Outgoing, PublishNotConfirmed
from orylo_common.broker.postgres.direct import DirectMessage
from orylo_common.broker.postgres.session import ROLE
from orylo_common.broker.postgres.subscription import PostgresSubscription, channel
from orylo_common.broker.postgres.watch import QueueWatch
from orylo_common.broker.topology import queues_for
from orylo_common.messages import tenant_of
from orylo_common.postgres.errors import TRANSIENT_ERRORS
from orylo_common.postgres.periodic import run_alone
from orylo_common.postgres.pool import Connection, open_pool
from orylo_common.repeating import repeating

# NOTIFY makes commits wait for each other, so it is sent only if another process subscribes. A process wakes its own
# subscriptions directly.
PUBLISH = """
    WITH binding AS MATERIALIZED (
        SELECT * FROM unnest($3::text[], $4::text[]) AS b (type, queue)
    ), published AS MATERIALIZED (
        SELECT nextval('bus.messages_message_no_seq') AS message_no, *
        FROM unnest($1::text[], $2::bytea[], $7::uuid[]) AS m (type, body, tenant_id)
    ), added AS (
        INSERT INTO bus.messages (message_no, type, body) OVERRIDING SYSTEM VALUE
        SELECT message_no, type, body FROM published
    ), queued AS (
        INSERT INTO bus.deliveries (queue, message_no, tenant_id)
        SELECT binding.queue, message_no, tenant_id FROM published JOIN binding USING (type)
    )
    SELECT pg_notify($6 || queue, '') FROM bus.subscriptions
    WHERE queue = ANY($4::text[]) AND process <> $5 GROUP BY queue
"""

DEPTHS = """
    SELECT queue, (SELECT count(*) FROM bus.deliveries AS d WHERE d.queue = asked.queue AND lease_owner IS NULL)
    FROM unnest($1::text[]) AS asked (queue)
"""

# Deletes bodies older than the oldest one that a queue still needs. A snapshot sees a message and its deliveries
# together or not at all, so an uncommitted publish loses nothing. A failed delivery has a copy of its body and does not
# count. The recursion finds the queues with one index probe each.
SWEEP = """
    WITH RECURSIVE queues AS (
        (SELECT queue FROM bus.deliveries WHERE available_at IS NULL ORDER BY queue LIMIT 1)
        UNION ALL
        SELECT (SELECT queue FROM bus.deliveries WHERE available_at IS NULL AND queue > queues.queue
                ORDER BY queue LIMIT 1)
        FROM queues WHERE queues.queue IS NOT NULL
    ), oldest AS (
        SELECT (SELECT message_no FROM bus.deliveries
                WHERE available_at IS NULL AND body IS NULL AND deliveries.queue = queues.queue
                ORDER BY message_no LIMIT 1) AS message_no
        FROM queues
    )
    DELETE FROM bus.messages
    WHERE message_no < coalesce((SELECT min(message_no) FROM oldest), 9223372036854775807)
"""
SWEEP_EVERY = timedelta(seconds=2)


class PostgresBroker:
    """Broker over the schema `bus`."""

    def __init__(self, dsn: str, pool: asyncpg.Pool, stack: AsyncExitStack) -> None:
        self._dsn = dsn
        self._pool = pool
        self._stack = stack
        self._process = uuid4()
        self._subscriptions: defaultdict[str, set[PostgresSubscription]] = defaultdict(set)
        self._watch = QueueWatch(dsn, self._subscriptions)
        # Bodies of an earlier process may be left.
        self._unswept = True

    @classmethod
    async def open(cls, dsn: str) -> Self:
        """Open the broker on a migrated schema. Raises `PostgresUnavailable`."""
        stack = AsyncExitStack()
        pool = await stack.enter_async_context(open_pool(dsn, role=ROLE))
        self = cls(dsn, pool, stack)
        await stack.enter_async_context(repeating("bus.sweep", self._sweep, every=SWEEP_EVERY))
        await stack.enter_async_context(repeating("bus.watch", self._watch.run))
        return self

    async def declare(self) -> None:
        """Do nothing: a queue is a value in a column, and `publish` applies the bindings."""

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        types = {message.type for message in messages}
        await self._publish(messages, [(name, queue) for name in types for queue in queues_for(name)])

    async def redrive(self, queue: str, messages: Sequence[Outgoing]) -> None:
        await self._publish(messages, [(name, queue) for name in {message.type for message in messages}])

    async def _publish(self, messages: Sequence[Outgoing], bindings: Sequence[tuple[str, str]]) -> None:
        bound = {name for name, _ in bindings}
        messages = [message for message in messages if message.type in bound]
        if not messages:
            return
        queues = [queue for _, queue in bindings]
        try:
            await self._pool.execute(
                PUBLISH,
                [message.type for message in messages],
                [message.body for message in messages],
                [name for name, _ in bindings],
                queues,
                self._process,
                channel(""),
                [tenant_of(message.body) for message in messages],
            )
        except TRANSIENT_ERRORS as error:
            raise PublishNotConfirmed(f"PostgreSQL did not confirm ({type(error).__name__})") from error
        self._unswept = True
        for queue in set(queues):
            self.wake(queue)

    def hand_over(self, message: Outgoing, settled: Callable[[UUID, bool], None]) -> bool:
        takers = [self._taker(queue) for queue in queues_for(message.type)]
        subscriptions = [taker for taker in takers if taker is not None]
        if not takers or len(subscriptions) < len(takers):
            return False
        direct = DirectMessage(message, tenant_of(message.body), queues=len(subscriptions), settled=settled)
        for subscription in subscriptions:
            subscription.hand_over(direct)
        return True

    def _taker(self, queue: str) -> PostgresSubscription | None:
        return next((each for each in self._subscriptions[queue] if each.has_room()), None)

    def wake(self, queue: str) -> None:
        """Notify this process's subscriptions that a message may be available."""
        for subscription in self._subscriptions[queue]:
            subscription.wake()

    async def subscribe(self, queue: str, *, prefetch: int) -> PostgresSubscription:
        subscription = await PostgresSubscription.open(
            self._dsn,
            queue,
            prefetch=prefetch,
            process=self._process,
            wake=self.wake,
            look_within=self._watch.look_within,
            closed=self._forget,
        )
        self._subscriptions[queue].add(subscription)
        self._watch.look_within(0)
        return subscription

    def _forget(self, subscription: PostgresSubscription) -> None:
        self._subscriptions[subscription.queue].discard(subscription)

    async def depths(self, queues: Collection[str]) -> dict[str, int]:
        try:
            rows = await self._pool.fetch(DEPTHS, list(queues))
        except TRANSIENT_ERRORS as error:
            raise BrokerUnavailable(f"PostgreSQL does not answer ({type(error).__name__})") from error
        return {
            queue: count + sum(subscription.waiting() for subscription in self._subscriptions[queue])
            for queue, count in rows
        }

    async def ping(self) -> None:
        try:
            await self._pool.execute("SELECT")
        except TRANSIENT_ERRORS as error:
            raise BrokerUnavailable(f"PostgreSQL does not answer ({type(error).__name__})") from error

    async def close(self) -> None:
        for subscriptions in list(self._subscriptions.values()):
            for subscription in list(subscriptions):
                await subscription.close()
        await self._stack.aclose()

    async def _sweep(self) -> None:
        """Sweep while there are bodies, of this process or another one."""
        if not self._unswept:
            return
        # A message that is published meanwhile sets it again.
        self._unswept, is_left = False, True
        try:
            await run_alone(self._pool, "bus.sweep", sweep)
            is_left = await self._pool.fetchval("SELECT EXISTS (SELECT FROM bus.messages)")
        finally:
            self._unswept = self._unswept or is_left


async def sweep(connection: Connection) -> None:
    """Delete the bodies that no queue needs any more."""
    await connection.execute(SWEEP)
