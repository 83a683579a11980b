"""Batches under load without waiting when idle."""

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
