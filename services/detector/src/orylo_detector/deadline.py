"""The time limit for reading a detector's features."""

import asyncio
from typing import TypeVar

# 100 ms, in slices: when the event loop is busy, the answer may have arrived by the time the first slice is over.
SLICES, SLICE_S = 4, 0.025

T = TypeVar("T")


async def within_deadline(task: asyncio.Task[T]) -> T:
    """Return the task's result. A late task is cancelled without waiting for it. Raises `TimeoutError`."""
    for _ in range(SLICES):
        await asyncio.wait([task], timeout=SLICE_S)
        if task.done():
            return task.result()
    task.cancel()
    raise TimeoutError
