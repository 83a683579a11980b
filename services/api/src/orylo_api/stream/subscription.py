"""One client's part of the stream."""

import asyncio
from collections import deque
from collections.abc import Set

from orylo_api.metrics import SSE_DROPPED
from orylo_api.stream.events import Position, StreamBatch

# Rows held for one client; a row has one tenant's events of one batch. A client that lags further is disconnected and
# can resume.
CLIENT_BUFFER = 500


class StreamEnded(Exception):
    """No more events will come: the client read too slowly, or this replica is stopping."""


class StreamSubscription:
    """Everything of the wanted types (None: all) that is pushed for one client, from the position `start` on."""

    def __init__(self, start: Position, types: Set[str] | None = None) -> None:
        self.start = start
        self._types = types
        self._waiting: deque[StreamBatch] = deque()
        self._changed = asyncio.Event()
        self._ended = False

    @property
    def is_empty(self) -> bool:
        return not self._waiting

    def push(self, batch: StreamBatch) -> None:
        if self._types is not None and self._types.isdisjoint(batch.types):
            return
        if len(self._waiting) < CLIENT_BUFFER:
            self._waiting.append(batch)
            self._changed.set()
        elif not self._ended:
            SSE_DROPPED.inc()
            self.end()

    def end(self) -> None:
        self._ended = True
        self._changed.set()

    async def next(self) -> StreamBatch:
        """Raises `StreamEnded`."""
        while not self._ended and not self._waiting:
            self._changed.clear()
            await self._changed.wait()
        if self._ended:
            raise StreamEnded
        return self._waiting.popleft()

    def rest(self) -> list[StreamBatch]:
        """Return everything that waits."""
        waiting = list(self._waiting)
        self._waiting.clear()
        return waiting
