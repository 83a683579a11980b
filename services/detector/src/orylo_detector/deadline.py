"""Waiting for an answer no longer than a detector may take."""

import asyncio
from typing import TypeVar

# In slices, because a busy loop is late itself: its answer may be waiting when the first of them has passed.
SLICES, SLICE_S = 4, 0.025

Answer = TypeVar("Answer")


async def in_time(asking: asyncio.Task[Answer]) -> Answer:
    """What the task answers; one that is late is cancelled, and not waited for. Raises `TimeoutError`."""
    for _ in range(SLICES):
        await asyncio.wait([asking], timeout=SLICE_S)
        if asking.done():
            return asking.result()
    asking.cancel()
    raise TimeoutError
