"""Waiting for a condition, with a deadline."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable

# Far more than anything takes: it is spent only by a test that fails.
DEADLINE_S = 45.0


async def eventually(condition: Callable[[], bool | Awaitable[bool]], *, within_s: float = DEADLINE_S) -> None:
    """Returns once `condition` holds; fails the test when it does not in time."""
    give_up = time.monotonic() + within_s
    while True:
        outcome = condition()
        if await outcome if inspect.isawaitable(outcome) else outcome:
            return
        assert time.monotonic() < give_up, f"not within {within_s} s: {inspect.getsource(condition).strip()}"
        await asyncio.sleep(0.02)
