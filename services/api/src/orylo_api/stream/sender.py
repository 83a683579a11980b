"""Writes events to one client, and remembers how far it is."""

import asyncio
from collections.abc import Sequence, Set
from datetime import timedelta
from itertools import chain

from aiohttp import web

from orylo_api.metrics import SSE_DROPPED
from orylo_api.stream.events import Position, StreamBatch, frame, writes
from orylo_api.stream.newest import newest

# A client whose connection accepts nothing for this long is gone or too slow.
SEND_TIMEOUT = timedelta(seconds=20)


class EventSender:
    """Sends the wanted types (None: all) of events after `position`; with `coalesce`, only the newest states."""

    def __init__(
        self,
        response: web.StreamResponse,
        request: web.Request,
        position: Position,
        types: Set[str] | None,
        *,
        coalesce: bool,
    ) -> None:
        self.position = position
        self._response = response
        self._request = request
        self._types = types
        self._coalesce = coalesce

    async def send(self, batches: Sequence[StreamBatch]) -> None:
        events = list(chain.from_iterable(batch.after(self.position, self._types) for batch in batches))
        for position, part in writes(newest(events) if self._coalesce else events):
            await self.write(part)
            self.position = position

    async def move_to(self, position: Position, event_type: bytes) -> None:
        """Send an event without data whose id is the new position, or has none if the position stays."""
        moved = position > self.position
        self.position = position if moved else self.position
        await self.write(frame(event_type, b"{}", position if moved else None))

    async def write(self, part: bytes) -> None:
        """Raises `TimeoutError` and closes the connection if the client accepts nothing."""
        try:
            async with asyncio.timeout(SEND_TIMEOUT.total_seconds()):
                await self._response.write(part)
        except TimeoutError:
            SSE_DROPPED.inc()
            if self._request.transport is not None:
                # Closing gracefully would wait for the client.
                self._request.transport.abort()
            raise
