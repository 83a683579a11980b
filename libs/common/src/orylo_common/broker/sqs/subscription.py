"""Receive deliveries from SQS.

A received message is hidden for the queue's visibility timeout. If its consumer dies, it reappears afterwards. A retry
sets the timeout to its delay, so SQS counts the deliveries. A released message is sent again instead, because SQS has
counted its receipt.
"""

import asyncio
import math
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

from orylo_common.broker.ports import BrokerUnavailable, DeadLetterInfo, Delivery
from orylo_common.broker.sqs.messages import MAX_ENTRIES, Received
from orylo_common.broker.sqs.queue import SqsQueue
from orylo_common.broker.topology import DELIVERY_LIMIT, POISON, origin_of

# A longer poll saves calls, but closing must wait for it: an abandoned poll would hide the messages that it receives.
POLL_S = 3
# For waits shorter than SQS can poll.
SHORTEST_POLL_S = 0.2
# SQS allows twelve hours.
LONGEST_DELAY = timedelta(hours=1)


class SqsSubscription:
    """Subscription over HTTP. Without a connection that could be lost, only rejected calls end it."""

    def __init__(self, name: str, queue: SqsQueue, dead_letters: SqsQueue | None, *, prefetch: int) -> None:
        self.name = name
        self._queue = queue
        self._dead_letters = dead_letters
        self._prefetch = prefetch
        self._unsettled: dict[str, Received] = {}
        self._polling: asyncio.Task[list[Received]] | None = None
        self._woken = asyncio.Event()
        self._stopped = False
        self.closed = False

    async def receive(self, limit: int, wait: timedelta) -> Sequence[Delivery]:
        if self._stopped:
            raise BrokerUnavailable("the subscription was stopped")
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wait.total_seconds()
        while not self._stopped:
            left = deadline - loop.time()
            room = min(limit, self._prefetch - len(self._unsettled))
            if room > 0 and (deliveries := await self._poll(room, left)):
                return deliveries
            if left <= 0:
                break
            await self._pause(min(left, SHORTEST_POLL_S) if room > 0 else left)
        return ()

    async def _poll(self, limit: int, wait_s: float) -> Sequence[Delivery]:
        if self._polling is None:
            self._polling = asyncio.create_task(self._fetch(limit, int(min(POLL_S, max(0, wait_s)))))
        # Shielded: the messages of an abandoned request would stay hidden from all consumers.
        try:
            received = await asyncio.shield(self._polling)
        except BrokerUnavailable:
            self._polling = None
            raise
        if self._stopped:
            return ()
        self._polling = None
        return [self._delivery(one) for one in await self._without_poison(received)]

    async def _fetch(self, limit: int, wait_s: int) -> list[Received]:
        received = await self._queue.receive(min(limit, MAX_ENTRIES), wait_s)
        self._unsettled.update((one.receipt, one) for one in received)
        if len(received) == MAX_ENTRIES < limit:
            sizes = [min(MAX_ENTRIES, limit - at) for at in range(MAX_ENTRIES, limit, MAX_ENTRIES)]
            for more in await asyncio.gather(*(self._queue.receive(size, 0) for size in sizes)):
                self._unsettled.update((one.receipt, one) for one in more)
                received += more
        return received

    async def _without_poison(self, received: list[Received]) -> list[Received]:
        if self._dead_letters is None:
            return received
        for one in received:
            if one.delivery_count > DELIVERY_LIMIT:
                await self._move_to_dead_letters(one, POISON, DELIVERY_LIMIT)
        return [one for one in received if one.delivery_count <= DELIVERY_LIMIT]

    def _delivery(self, one: Received) -> Delivery:
        if self._dead_letters is not None:
            return Delivery(one.body, one.delivery_count, None, one.receipt)
        if one.reason is None:
            one = one.dead_lettered_by_sqs()
        dead_letter = DeadLetterInfo(origin_of(self.name), one.reason or POISON, one.attempts, one.first_failed_at)
        return Delivery(one.body, one.delivery_count, dead_letter, one.receipt)

    async def _pause(self, seconds: float) -> None:
        self._woken.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()

    async def ack(self, deliveries: Sequence[Delivery]) -> None:
        await self._delete([delivery.handle for delivery in deliveries])

    async def retry(self, delivery: Delivery, delay: timedelta) -> None:
        if delivery.handle in self._unsettled:
            seconds = math.ceil(min(delay, LONGEST_DELAY).total_seconds())
            await self._queue.hide(delivery.handle, seconds)
            self._settled([delivery.handle])

    async def release(self, deliveries: Sequence[Delivery]) -> None:
        await self._release([one for delivery in deliveries if (one := self._unsettled.get(delivery.handle))])

    async def dead_letter(self, delivery: Delivery, reason: str) -> None:
        if one := self._unsettled.get(delivery.handle):
            await self._move_to_dead_letters(one, reason, one.delivery_count)

    async def _move_to_dead_letters(self, one: Received, reason: str, attempts: int) -> None:
        if self._dead_letters is None:
            raise ValueError(f"{self.name} has no dead-letter queue")
        await self._dead_letters.send([one.dead_lettered(reason, attempts)])
        await self._delete([one.receipt])

    async def _release(self, received: Sequence[Received]) -> None:
        await self._queue.send([one.released() for one in received])
        await self._delete([one.receipt for one in received])

    async def _delete(self, receipts: Sequence[str]) -> None:
        mine = [receipt for receipt in receipts if receipt in self._unsettled]
        await self._queue.delete(mine)
        self._settled(mine)

    def _settled(self, receipts: Sequence[str]) -> None:
        for receipt in receipts:
            self._unsettled.pop(receipt, None)
        self._woken.set()

    @property
    def unsettled_count(self) -> int:
        return len(self._unsettled)

    async def stop(self) -> None:
        if self._stopped:
            return
        self._stopped = True
        self._woken.set()
        if self._polling is not None:
            await self._release(await self._polling)

    async def close(self) -> None:
        if self.closed:
            return
        self.closed = True
        # If a release fails now, SQS redelivers the messages after the visibility timeout.
        with suppress(BrokerUnavailable):
            await self.stop()
        with suppress(BrokerUnavailable):
            await self._release(list(self._unsettled.values()))
