"""Throttles that form batches under load and keep the event loop fair, without delay when idle."""

import asyncio
from datetime import timedelta


class Pace:
    """Spaces turns at least `interval` apart, so that items collect into a batch.

    A turn after a longer break comes at once, or after `interval` with `wait_first`. A round trip to a server costs the
    same for one row as for fifty.
    """

    def __init__(self, interval: timedelta, *, wait_first: bool = False) -> None:
        self._interval_s = interval.total_seconds()
        self._wait_first = wait_first
        self._next = 0.0

    async def turn(self) -> None:
        """Wait for the next turn."""
        if self._interval_s:
            loop = asyncio.get_running_loop()
            early = self._interval_s if self._wait_first else self._next - loop.time()
            if early > 0:
                await asyncio.sleep(early)
            self._next = loop.time() + self._interval_s


class LoopThrottle:
    """Admits at most `per_iteration` callers in one iteration of the event loop, in their order.

    When a batch is committed, its hundred callers all get their answer and send the next request in the same iteration.
    Without a throttle the next batch would start only after the last of them, and the database and this process would
    work in turns rather than at the same time.
    """

    def __init__(self, per_iteration: int) -> None:
        self._per_iteration = per_iteration
        self._left = per_iteration

    async def admit(self) -> None:
        """Wait until the caller may continue."""
        # Sleeping queues it behind everything that is ready. An Event would wake all waiters, and cost a future each.
        while not self._left:  # noqa: ASYNC110
            await asyncio.sleep(0)
        if self._left == self._per_iteration:
            asyncio.get_running_loop().call_soon(self._reset)
        self._left -= 1

    def _reset(self) -> None:
        self._left = self._per_iteration
