"""A payment waits in memory for the decision on it, so that one transaction writes both.

Nothing depends on it. A payment that waited in vain is written as held, and a later decision releases it.
"""

import asyncio
from datetime import timedelta
from uuid import UUID

# Most decisions follow within this time. If another replica receives the decision, the payment waits in vain.
WAIT = timedelta(milliseconds=200)

EventKey = tuple[UUID, str]


class Meeting:
    """Payments of this replica that wait for their decisions, at most `max_waiting` at a time."""

    def __init__(self, *, max_waiting: int, wait: timedelta = WAIT) -> None:
        self._max_waiting = max_waiting
        self._wait_s = wait.total_seconds()
        self._waiting: dict[EventKey, asyncio.Event] = {}
        # Decisions that no payment waited for, the oldest first. Their payments need not wait.
        self._early: dict[EventKey, None] = {}

    async def wait_for_decision(self, event: EventKey) -> None:
        """Return once the decision on the event was received, or after the longest wait."""
        if event in self._early:
            del self._early[event]
            return
        if len(self._waiting) >= self._max_waiting:
            return
        decided = self._waiting.setdefault(event, asyncio.Event())
        try:
            async with asyncio.timeout(self._wait_s):
                await decided.wait()
        except TimeoutError:
            pass
        finally:
            self._waiting.pop(event, None)

    def decided(self, event: EventKey) -> None:
        """Report that the decision on the event was received."""
        if waiting := self._waiting.get(event):
            waiting.set()
            return
        self._early[event] = None
        if len(self._early) > self._max_waiting:
            del self._early[next(iter(self._early))]
