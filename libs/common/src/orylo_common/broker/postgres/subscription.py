"""Take deliveries from PostgreSQL with leases that last exactly as long as the connection of their owner.

A subscription owns one connection, whose session holds the advisory lock of the subscription's number. A leased row
carries that number. When the connection ends for any reason, PostgreSQL releases the lock, and the next subscription of
the queue to look (every second) returns the rows to the queue. Leases have no time-out. A delivery is counted when it
is leased, so a message that kills its process is counted too, and dead-lettered at the delivery limit.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, Self
from uuid import UUID

import asyncpg

from orylo_common.broker.ports import BrokerUnavailable, DeadLetterInfo, Delivery
from orylo_common.broker.postgres.statements import (
    ACK,
    DEAD_LETTER,
    FORGET,
    LEASE,
    LOOK,
    NOTIFY,
    RECLAIM,
    REGISTER,
    RELEASE,
    RELEASE_ALL,
    RETRY,
)
from orylo_common.broker.topology import DELIVERY_LIMIT, POISON, dead_letter_queue, is_dead_letter_queue, origin_of
from orylo_common.pace import Pace
from orylo_common.postgres.errors import TRANSIENT_ERRORS

ROLE = "orylo_bus"
# First half of the advisory lock keys. The second half is the subscription's number.
LOCK_CLASS = 0x6F72796C
# The longest delay before a missed wake-up, a dead subscription or another process's retry is noticed.
LOOK_EVERY_S = 1.0

# While a long transaction prevents vacuuming, a lease from the start of the queue would scan all acknowledged rows.
# So it starts this margin below the oldest message of the last look. Rows that appear below this point (a publish that
# took long to commit, a dead letter, another subscription's retry) are found by the next look.
FLOOR_MARGIN = 5000

SESSION = {
    "role": ROLE,
    "application_name": ROLE,
    "timezone": "UTC",
    "jit": "off",
    # A server crash can lose a lease or an acknowledgement: the message is then redelivered.
    "synchronous_commit": "off",
    # A queue's statistics are always out of date. Its statements have one good plan: an index scan.
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    # A host that vanishes without closing its connection keeps its leases for 30 s, not for two hours.
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "4",
}

# The interval between leases. Under load, each lease then returns more deliveries.
PACE = timedelta(milliseconds=10)

# Block and offset of a row, PostgreSQL's tid.
Place = tuple[int, int]


def channel(queue: str) -> str:
    """Return the NOTIFY channel of a queue."""
    return f"orylo_bus.{queue}"


class PostgresSubscription:
    """A subscription over a dedicated connection."""

    def __init__(
        self,
        connection: asyncpg.Connection,
        queue: str,
        *,
        owner: int,
        prefetch: int,
        process: UUID,
        wake: Callable[[str], None],
        closed: Callable[["PostgresSubscription"], None],
    ) -> None:
        self.queue = queue
        self._connection = connection
        self._owner = owner
        self._prefetch = prefetch
        self._process = process
        self._wake_queue = wake
        self._on_closed = closed
        self._limit = None if is_dead_letter_queue(queue) else DELIVERY_LIMIT
        self._unsettled: dict[int, Place] = {}
        self._one_at_a_time = asyncio.Lock()
        self._woken = asyncio.Event()
        self._pace = Pace(PACE)
        self._next_look = 0.0
        self._floor = 0
        self._highest = 0
        self._interrupted = False
        self._stopped = False
        self._closed = False

    @classmethod
    async def open(
        cls,
        dsn: str,
        queue: str,
        *,
        prefetch: int,
        process: UUID,
        wake: Callable[[str], None],
        closed: Callable[["PostgresSubscription"], None],
    ) -> Self:
        """Connect and register. `wake` wakes the subscriptions of a queue; `closed` reports that this one ended."""
        try:
            connection = await asyncpg.connect(dsn, timeout=5, command_timeout=30, server_settings=SESSION)
        except TRANSIENT_ERRORS as error:
            raise _unavailable(error) from error
        try:
            owner = await connection.fetchval(REGISTER, queue, process, LOCK_CLASS)
            self = cls(connection, queue, owner=owner, prefetch=prefetch, process=process, wake=wake, closed=closed)
            connection.add_termination_listener(lambda _: self.wake())
            await connection.add_listener(channel(queue), lambda *_: self.wake())
        except BaseException as error:
            connection.terminate()
            if isinstance(error, TRANSIENT_ERRORS):
                raise _unavailable(error) from error
            raise
        return self

    def wake(self) -> None:
        self._woken.set()

    async def receive(self, limit: int, wait: timedelta) -> Sequence[Delivery]:
        if self._stopped:
            raise BrokerUnavailable("the subscription was stopped")
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wait.total_seconds()
        while not self._stopped:
            self._woken.clear()
            if loop.time() >= self._next_look:
                await self._look()
            room = min(limit, self._prefetch - len(self._unsettled))
            if room > 0:
                await self._pace.turn()
                if deliveries := await self._lease(room):
                    return deliveries
            if loop.time() >= deadline:
                break
            with suppress(TimeoutError):
                async with asyncio.timeout_at(min(deadline, self._next_look)):
                    await self._woken.wait()
        return ()

    async def _lease(self, limit: int) -> Sequence[Delivery]:
        try:
            rows = await self._run(LEASE, self.queue, self._owner, limit, self._floor)
        except asyncio.CancelledError:
            # PostgreSQL may have leased rows that this process did not receive.
            self._interrupted = True
            raise
        self._unsettled.update((row[1], row[0]) for row in rows)
        self._highest = max((row[1] for row in rows), default=self._highest)
        deliveries = [self._delivery(row) for row in rows]
        if self._limit is None or all(delivery.delivery_count <= self._limit for delivery in deliveries):
            return deliveries
        for delivery in deliveries:
            if delivery.delivery_count > self._limit:
                await self._set_aside(delivery, POISON, attempts=self._limit)
        return [delivery for delivery in deliveries if delivery.delivery_count <= self._limit]

    def _delivery(self, row: asyncpg.Record) -> Delivery:
        _, message_no, delivery_count, body, reason, attempts, first_failed_at = row
        dead_letter = (
            None if reason is None else DeadLetterInfo(origin_of(self.queue), reason, attempts, first_failed_at)
        )
        return Delivery(body, delivery_count, dead_letter, message_no)

    async def _look(self) -> None:
        ((dead, next_due_s, oldest),) = await self._run(LOOK, self.queue, self._owner, LOCK_CLASS)
        self._floor = (self._highest if oldest is None else oldest) - FLOOR_MARGIN
        if dead:
            await self._run(RECLAIM, self.queue, dead, LOCK_CLASS)
        self._look_within(LOOK_EVERY_S if next_due_s is None else min(next_due_s, LOOK_EVERY_S), anew=True)

    def _look_within(self, seconds: float, *, anew: bool = False) -> None:
        at = asyncio.get_running_loop().time() + seconds
        self._next_look = at if anew else min(at, self._next_look)

    async def ack(self, deliveries: Sequence[Delivery]) -> None:
        await self._settle(ACK, deliveries)

    async def retry(self, delivery: Delivery, delay: timedelta) -> None:
        await self._settle(RETRY, [delivery], delay)
        self._look_within(delay.total_seconds())

    async def release(self, deliveries: Sequence[Delivery]) -> None:
        await self._settle(RELEASE, deliveries)
        await self._wake_all(self.queue)

    async def dead_letter(self, delivery: Delivery, reason: str) -> None:
        await self._set_aside(delivery, reason, attempts=delivery.delivery_count)

    async def _set_aside(self, delivery: Delivery, reason: str, *, attempts: int) -> None:
        target = dead_letter_queue(self.queue)
        await self._settle(DEAD_LETTER, [delivery], target, reason, attempts)
        await self._wake_all(target)

    async def _settle(self, statement: str, deliveries: Sequence[Delivery], *arguments: Any) -> None:
        numbers = [delivery.handle for delivery in deliveries if delivery.handle in self._unsettled]
        if numbers:
            await self._run(statement, self._owner, [self._unsettled[n] for n in numbers], numbers, *arguments)
        full = len(self._unsettled) >= self._prefetch
        for number in numbers:
            self._unsettled.pop(number, None)
        if full:
            self._woken.set()

    async def _wake_all(self, queue: str) -> None:
        self._wake_queue(queue)
        await self._run(NOTIFY, queue, self._process, channel(queue))

    async def stop(self) -> None:
        self._stopped = True
        self._woken.set()

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        await self.stop()
        self._on_closed(self)
        try:
            # If the connection is already lost, another subscription reclaims the rows.
            with suppress(BrokerUnavailable):
                await self._give_back()
            with suppress(*TRANSIENT_ERRORS):
                await self._connection.close(timeout=2)
        finally:
            self._connection.terminate()

    async def _give_back(self) -> None:
        if self._interrupted:
            await self._run(RELEASE_ALL, self.queue, self._owner)
        elif self._unsettled:
            await self._run(RELEASE, self._owner, list(self._unsettled.values()), list(self._unsettled))
        await self._run(FORGET, self._owner)
        await self._wake_all(self.queue)

    async def _run(self, statement: str, *arguments: Any) -> list[asyncpg.Record]:
        try:
            async with self._one_at_a_time:
                return await self._connection.fetch(statement, *arguments)
        except TRANSIENT_ERRORS as error:
            raise _unavailable(error) from error


def _unavailable(error: BaseException) -> BrokerUnavailable:
    return BrokerUnavailable(f"the subscription's connection to PostgreSQL was lost ({type(error).__name__})")
