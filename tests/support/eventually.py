"""Wait for a condition, with a deadline."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable

# Far longer than any condition takes. Only a failing test waits for all of it.
DEADLINE_S = 45.0


async def eventually(condition: Callable[[], bool | Awaitable[bool]], *, within_s: float = DEADLINE_S) -> None:
    """Return once `condition` holds. Fail the test if it does not hold in time."""
    give_up = time.monotonic() + within_s
    while True:
        outcome = condition()
        if await outcome if inspect.isawaitable(outcome) else outcome:
            return
        assert time.monotonic() < give_up, f"not within {within_s} s: {inspect.getsource(condition).strip()}"
        await asyncio.sleep(0.02)
