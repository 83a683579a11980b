"""Take deliveries from PostgreSQL with leases that last exactly as long as the connection of their owner.

A subscription owns one connection, whose session holds the advisory lock of the subscription's number. A leased row
carries that number. When the connection ends for any reason, PostgreSQL releases the lock, and the next process to look
at the queue (`watch.py`) returns the rows to it. Leases have no time-out. A delivery is counted when it is leased, so a
message that kills its process is counted too, and dead-lettered at the delivery limit.

Messages of the same process arrive without a row (`direct.py`). One that fails gets a row.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, Self
from uuid import UUID

import asyncpg

from orylo_common.broker.fair_queue import FairQueue
from orylo_common.broker.ports import BrokerUnavailable, DeadLetterInfo, Delivery
from orylo_common.broker.postgres.direct import DirectMessage
from orylo_common.broker.postgres.session import LOCK_CLASS, connect
from orylo_common.broker.postgres.statements import (
    ACK,
    ADD,
    DEAD_LETTER,
    FORGET,
    LEASE,
    NOTIFY,
    REGISTER,
    RELEASE,
    RELEASE_ALL,
    RETRY,
)
from orylo_common.broker.topology import DELIVERY_LIMIT, POISON, dead_letter_queue, is_dead_letter_queue, origin_of
from orylo_common.pace import Pace
from orylo_common.postgres.errors import TRANSIENT_ERRORS

# While a long transaction prevents vacuuming, a lease from the start of the queue would scan all acknowledged rows.
# So it starts this margin below the oldest message that the watch last saw. Rows that appear below this point (a
# publish that took long to commit, a dead letter, another subscription's retry) are found by the next watch.
FLOOR_MARGIN = 5000

# Messages that wait in memory for one queue. Further ones wait in the bus.
MAX_DIRECT = 5000

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
        look_within: Callable[[float], None],
        closed: Callable[["PostgresSubscription"], None],
    ) -> None:
        self.queue = queue
        self._connection = connection
        self._owner = owner
        self._prefetch = prefetch
        self._process = process
        self._wake_queue = wake
        self._look_within = look_within
        self._on_closed = closed
        self._limit = None if is_dead_letter_queue(queue) else DELIVERY_LIMIT
        self._leased: dict[int, Place] = {}
        self._direct: FairQueue[DirectMessage] = FairQueue()
        self._taken_directly: set[DirectMessage] = set()
        self._one_at_a_time = asyncio.Lock()
        self._woken = asyncio.Event()
        self._pace = Pace(PACE)
        self._rows_expected = True
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
        look_within: Callable[[float], None],
        closed: Callable[["PostgresSubscription"], None],
    ) -> Self:
        """Connect and register.

        `wake` wakes the subscriptions of a queue, `look_within` makes the watch look after so many seconds, and
        `closed` reports that this subscription ended.
        """
        try:
            connection = await connect(dsn)
        except TRANSIENT_ERRORS as error:
            raise _unavailable(error) from error
        try:
            owner = await connection.fetchval(REGISTER, queue, process, LOCK_CLASS)
            self = cls(
                connection,
                queue,
                owner=owner,
                prefetch=prefetch,
                process=process,
                wake=wake,
                look_within=look_within,
                closed=closed,
            )
            connection.add_termination_listener(lambda _: self.wake())
            await connection.add_listener(channel(queue), lambda *_: self.wake())
        except BaseException as error:
            connection.terminate()
            if isinstance(error, TRANSIENT_ERRORS):
                raise _unavailable(error) from error
            raise
        return self

    def wake(self) -> None:
        """Report that the queue may have rows to lease."""
        self._rows_expected = True
        self._woken.set()

    def watched(self, oldest: int | None) -> None:
        """Report the queue's oldest message, as the watch saw it."""
        self._floor = (self._highest if oldest is None else oldest) - FLOOR_MARGIN
        if oldest is not None:
            self.wake()

    def has_room(self) -> bool:
        """Return whether it takes direct messages now."""
        return len(self._direct) < MAX_DIRECT and not self._stopped and not self._connection.is_closed()

    def hand_over(self, message: DirectMessage) -> None:
        self._direct.append(message.tenant_id, message)
        self._woken.set()

    def waiting(self) -> int:
        """Count the direct messages that were not received yet."""
        return len(self._direct)

    async def receive(self, limit: int, wait: timedelta) -> Sequence[Delivery]:
        if self._stopped:
            raise BrokerUnavailable("the subscription was stopped")
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wait.total_seconds()
        while not self._stopped:
            if self._connection.is_closed():
                raise BrokerUnavailable("the subscription's connection to PostgreSQL was lost")
            self._woken.clear()
            room = min(limit, self._prefetch - self._unsettled())
            if room > 0 and (deliveries := await self._take(room)):
                return deliveries
            if loop.time() >= deadline:
                break
            with suppress(TimeoutError):
                async with asyncio.timeout_at(deadline):
                    await self._woken.wait()
        return ()

    def _unsettled(self) -> int:
        return len(self._leased) + len(self._taken_directly)

    async def _take(self, room: int) -> Sequence[Delivery]:
        """Take direct messages, and lease rows if some are expected. Then each kind gets half of the room."""
        leased: Sequence[Delivery] = ()
        if self._rows_expected:
            await self._pace.turn()
            leased = await self._lease(max(1, room // 2) if self._direct else room)
        taken = self._direct.take(room - len(leased))
        self._taken_directly.update(taken)
        return [*leased, *(Delivery(one.message.body, 1, None, one) for one in taken)]

    async def _lease(self, limit: int) -> Sequence[Delivery]:
        self._rows_expected = False
        try:
            rows = await self._run(LEASE, self.queue, self._owner, limit, self._floor)
        except asyncio.CancelledError:
            # PostgreSQL may have leased rows that this process did not receive.
            self._interrupted = True
            raise
        # A tenant with a full share may have more.
        if any(row[7] for row in rows):
            self._rows_expected = True
        self._leased.update((row[1], row[0]) for row in rows)
        self._highest = max((row[1] for row in rows), default=self._highest)
        deliveries = [self._delivery(row) for row in rows]
        if self._limit is None or all(delivery.delivery_count <= self._limit for delivery in deliveries):
            return deliveries
        for delivery in deliveries:
            if delivery.delivery_count > self._limit:
                await self._reject(delivery, POISON, attempts=self._limit)
        return [delivery for delivery in deliveries if delivery.delivery_count <= self._limit]

    def _delivery(self, row: asyncpg.Record) -> Delivery:
        _, message_no, delivery_count, body, reason, attempts, first_failed_at, _ = row
        dead_letter = (
            None if reason is None else DeadLetterInfo(origin_of(self.queue), reason, attempts, first_failed_at)
        )
        return Delivery(body, delivery_count, dead_letter, message_no)

    async def ack(self, deliveries: Sequence[Delivery]) -> None:
        self._settle_direct(deliveries)
        await self._settle(ACK, deliveries)

    async def retry(self, delivery: Delivery, delay: timedelta) -> None:
        if direct := self._direct_of([delivery]):
            await self._add(direct, self.queue, delay=delay, failed=True, delivery_count=1)
        else:
            await self._settle(RETRY, [delivery], delay)
        self._look_within(delay.total_seconds())

    async def release(self, deliveries: Sequence[Delivery]) -> None:
        for one in reversed(self._direct_of(deliveries)):
            self._taken_directly.discard(one)
            self._direct.appendleft(one.tenant_id, one)
            self._woken.set()
        if await self._settle(RELEASE, deliveries):
            await self._wake_all(self.queue)

    async def dead_letter(self, delivery: Delivery, reason: str) -> None:
        await self._reject(delivery, reason, attempts=delivery.delivery_count)

    async def _reject(self, delivery: Delivery, reason: str, *, attempts: int) -> None:
        target = dead_letter_queue(self.queue)
        if direct := self._direct_of([delivery]):
            await self._add(direct, target, failed=True, attempts=attempts, reason=reason)
        else:
            await self._settle(DEAD_LETTER, [delivery], target, reason, attempts)
        await self._wake_all(target)

    async def _settle(self, statement: str, deliveries: Sequence[Delivery], *arguments: Any) -> int:
        """Run the statement for the leased rows among `deliveries`, and return their number."""
        numbers = [delivery.handle for delivery in deliveries if delivery.handle in self._leased]
        full = self._unsettled() >= self._prefetch
        if numbers:
            await self._run(statement, self._owner, [self._leased[n] for n in numbers], numbers, *arguments)
        for number in numbers:
            self._leased.pop(number, None)
        if full:
            self._woken.set()
        return len(numbers)

    def _direct_of(self, deliveries: Sequence[Delivery]) -> list[DirectMessage]:
        return [delivery.handle for delivery in deliveries if delivery.handle in self._taken_directly]

    def _settle_direct(self, deliveries: Sequence[Delivery]) -> None:
        full = self._unsettled() >= self._prefetch
        for one in self._direct_of(deliveries):
            self._taken_directly.discard(one)
            one.settle()
        if full:
            self._woken.set()

    async def _add(
        self,
        direct: Sequence[DirectMessage],
        queue: str,
        *,
        delay: timedelta | None = None,
        failed: bool = False,
        delivery_count: int = 0,
        attempts: int | None = None,
        reason: str | None = None,
    ) -> None:
        """Add rows to `queue` for messages that have none. The rows take the place of the outbox's copy."""
        bodies = [one.message.body for one in direct]
        tenants = [one.tenant_id for one in direct]
        await self._run(ADD, queue, bodies, delay, failed, delivery_count, attempts, reason, tenants)
        for one in direct:
            if one in self._taken_directly:
                self._taken_directly.discard(one)
                one.settle()

    async def _wake_all(self, queue: str) -> None:
        self._wake_queue(queue)
        await self._run(NOTIFY, queue, self._process, channel(queue))

    async def stop(self) -> None:
        if self._stopped:
            return
        self._stopped = True
        self._woken.set()
        waiting = self._direct.take(len(self._direct))
        self._taken_directly.update(waiting)
        await self._return_direct(waiting)

    async def _return_direct(self, direct: Sequence[DirectMessage]) -> None:
        """Return untried direct messages to the queue. Those that cannot be returned stay in their outbox."""
        if not direct:
            return
        try:
            await self._add(direct, self.queue)
            await self._wake_all(self.queue)
        except BrokerUnavailable:
            for one in direct:
                if one in self._taken_directly:
                    self._taken_directly.discard(one)
                    one.settle(lost=True)

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._on_closed(self)
        try:
            await self.stop()
            await self._return_direct(list(self._taken_directly))
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
        elif self._leased:
            await self._run(RELEASE, self._owner, list(self._leased.values()), list(self._leased))
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
