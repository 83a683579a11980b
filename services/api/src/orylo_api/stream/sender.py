"""Writes events to one client, and remembers how far it is."""

import asyncio
from collections.abc import Sequence, Set
from datetime import timedelta
from itertools import chain
from math import inf

from aiohttp import web

from orylo_api.metrics import SSE_DROPPED
from orylo_api.stream.event_types import EVENTS_SKIPPED
from orylo_api.stream.events import Position, StreamBatch, StreamEvent, frame, writes
from orylo_api.stream.newest import newest
from orylo_api.stream.pace import StreamPace

# A client whose connection accepts nothing for this long is gone or too slow.
SEND_TIMEOUT = timedelta(seconds=20)


class EventSender:
    """Sends the wanted types (None: all) of events after `position`; with `coalesce`, the newest states at a pace.

    While events are left out, what is sent has no id: a client that resumes gets everything since the last id.
    """

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
        self._time = asyncio.get_running_loop().time
        self._pace = StreamPace(self._time) if coalesce else None
        self._written_at = self._time()

    @property
    def seconds_silent(self) -> float:
        return self._time() - self._written_at

    @property
    def report_due_in(self) -> float:
        """The seconds until `report_skipped` is due; infinite while no events are left out."""
        return inf if self._pace is None else self._pace.seconds_left

    async def send(self, batches: Sequence[StreamBatch]) -> None:
        events: Sequence[StreamEvent] = list(
            chain.from_iterable(batch.after(self.position, self._types) for batch in batches)
        )
        if not events:
            return
        end = events[-1].position
        if self._pace is not None:
            events = self._pace.admit(newest(events))
            if self._pace.is_skipping:
                for event in events:
                    await self.write(frame(event.type.encode(), event.data))
                self.position = end
                return
        for position, part in writes(events):
            await self.write(part)
            self.position = position
        self.position = end

    async def report_skipped(self, *, if_due: bool = False) -> None:
        """Send `events.skipped` if events were left out."""
        if self._pace is not None and self._pace.is_skipping and (self.report_due_in <= 0 or not if_due):
            data = self._pace.report().model_dump_json().encode()
            await self.write(frame(EVENTS_SKIPPED.encode(), data, self.position))

    async def move_to(self, position: Position, event_type: bytes) -> None:
        """Send an event without data whose id is the new position, or has none if the position stays."""
        moved = position > self.position
        self.position = position if moved else self.position
        is_skipping = self._pace is not None and self._pace.is_skipping
        await self.write(frame(event_type, b"{}", position if moved and not is_skipping else None))

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
        self._written_at = self._time()
