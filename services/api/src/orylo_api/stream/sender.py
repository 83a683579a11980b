"""Writes events to one client, and remembers how far it is."""

import asyncio
from collections.abc import Set
from datetime import timedelta

from aiohttp import web

from orylo_api.metrics import SSE_DROPPED
from orylo_api.stream.events import Position, StreamBatch, frame

# A client whose connection accepts nothing for this long is gone or too slow.
SEND_TIMEOUT = timedelta(seconds=20)


class EventSender:
    """Sends the wanted types (None: all) of events after `position`."""

    def __init__(self, response: web.StreamResponse, request: web.Request, position: Position, types: Set[str] | None):
        self.position = position
        self._response = response
        self._request = request
        self._types = types

    async def send_batch(self, batch: StreamBatch) -> None:
        for position, part in batch.after(self.position, self._types):
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
