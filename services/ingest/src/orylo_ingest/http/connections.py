"""Connections to the server: time limits for headers, and problems in response to invalid HTTP."""

import asyncio
from typing import Any

from aiohttp import web

from orylo_ingest.http import problems

# From the connection, or a later request's first byte, to the end of the headers.
HEADERS_S = 10.0
# aiohttp's defaults, made explicit: they bound the memory for one request's headers.
BOUNDS: dict[str, Any] = {"max_line_size": 8190, "max_field_size": 8190, "max_headers": 128}


class ClientConnection(web.RequestHandler):
    """Closes if headers take too long, for which aiohttp has no limit. Idle connections stay open."""

    __slots__ = ("_header_timer",)

    def __init__(self, manager: web.Server, **options: Any) -> None:
        super().__init__(manager, **options)
        self._header_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._header_timer = self._loop.call_later(HEADERS_S, self.force_close)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        # Still waiting for a request: the data did not complete one.
        if self._waiter is not None and not self._waiter.done():
            if self._header_timer is None:
                self._header_timer = self._loop.call_later(HEADERS_S, self.force_close)
        elif self._header_timer is not None:
            self._header_timer.cancel()
            self._header_timer = None

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Respond with a problem. aiohttp's own response is plain text that repeats the input."""
        super().handle_error(request, status, exc, message)
        answer = problems.from_connection(status, BOUNDS).response()
        answer.force_close()
        return answer

    def connection_lost(self, exc: BaseException | None) -> None:
        if self._header_timer is not None:
            self._header_timer.cancel()
        super().connection_lost(exc)


class ConnectionServer(web.Server):
    """Creates a `ClientConnection` for every client."""

    def __call__(self) -> ClientConnection:
        return ClientConnection(self, loop=self._loop, **self._kwargs)
