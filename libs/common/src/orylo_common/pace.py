"""Batches under load without waiting when idle, and a loop that is shared while it is full."""

import asyncio
from datetime import timedelta


class Pace:
    """The first turn comes at once, the next ones not within `interval` of each other: what arrives meanwhile gathers.

    A round trip to a server costs the same for one row as for fifty.
    """

    def __init__(self, interval: timedelta) -> None:
        self._interval_s = interval.total_seconds()
        self._next = 0.0

    async def turn(self) -> None:
        """Wait for the next turn."""
        if self._interval_s:
            loop = asyncio.get_running_loop()
            early = self._next - loop.time()
            if early > 0:
                await asyncio.sleep(early)
            self._next = loop.time() + self._interval_s


class Turnstile:
    """Lets `at_once` callers pass in one turn of the event loop, the others in the next ones, in their order.

    When a batch is committed its hundred callers are all answered, and all ask again, in the same turn. Without this
    the next batch would leave only after the last of them, and the database and this process would take turns working.
    """

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._left = at_once

    async def passed(self) -> None:
        # Behind everything else that is ready; an Event would wake all who wait, and cost a future each.
        while not self._left:  # noqa: ASYNC110
            await asyncio.sleep(0)
        if self._left == self._at_once:
            asyncio.get_running_loop().call_soon(self._open)
        self._left -= 1

    def _open(self) -> None:
        self._left = self._at_once
