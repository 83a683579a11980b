"""Connections to a server: limits for slow clients, and problems in response to invalid HTTP."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Any, cast

from aiohttp import web

from orylo_common.http.framing import RequestFraming
from orylo_common.http.open_connections import OpenConnections
from orylo_common.http.problems import Problem
from orylo_common.http.security_headers import SECURITY_HEADERS

# From the connection, or a later request's first byte, to the end of the headers.
HEADERS_S = 10.0
# A client that accepts no byte of a response for this long is gone. Linux closes the connection.
UNACKNOWLEDGED_MS = 30_000
# aiohttp's defaults, made explicit: they bound the memory for one request's headers.
BOUNDS: dict[str, Any] = {"max_line_size": 8190, "max_field_size": 8190, "max_headers": 128}

RequestHandler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ClientConnection(web.RequestHandler):
    """Closes if headers take too long, for which aiohttp has no limit. Idle connections stay open."""

    __slots__ = ("_connections", "_framing", "_header_timer", "_headers_late", "_serving", "_transport", "address")

    def __init__(self, server: "ConnectionServer", **options: Any) -> None:
        super().__init__(server, **options)
        self._connections = server.open_connections
        self._framing = RequestFraming()
        self._header_timer: asyncio.TimerHandle | None = None
        self._headers_late = False
        self._serving = False
        self._transport: asyncio.Transport | None = None
        self.address = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.address = str((transport.get_extra_info("peername") or ("",))[0])
        if not self._connections.admit(self):
            self._transport.abort()
            return
        super().connection_made(transport)
        _limit_unacknowledged(transport.get_extra_info("socket"))
        self._start_header_timer()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        framing = self._framing
        headers_ended = framing.headers_ended
        framing.feed(data)
        if self._header_timer is not None and framing.headers_ended != headers_ended:
            self._header_timer.cancel()
            self._header_timer = None
        if framing.in_headers and self._header_timer is None:
            self._start_header_timer()

    def connection_lost(self, exc: BaseException | None) -> None:
        if self._header_timer is not None:
            self._header_timer.cancel()
        self._connections.remove(self)
        super().connection_lost(exc)

    async def serve(self, handler: RequestHandler, request: web.Request) -> web.StreamResponse:
        """Handle one request, once the client has accepted enough of the earlier responses."""
        self._serving = True
        self._connections.begin_request(self)
        try:
            if self.writing_paused:
                await request.writer.drain()
            return await handler(request)
        finally:
            self._serving = False
            self._connections.end_request(self)
            if self._headers_late:
                self.close()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Respond with a problem. aiohttp's own response is plain text that repeats the input."""
        super().handle_error(request, status, exc, message)
        response = _problem(status).response(SECURITY_HEADERS)
        response.force_close()
        return response

    def abort(self) -> None:
        """Close at once, without waiting for the client to accept the rest of a response."""
        self.force_close()
        if self._transport is not None:
            self._transport.abort()

    def _start_header_timer(self) -> None:
        self._header_timer = asyncio.get_running_loop().call_later(HEADERS_S, self._close_late)

    def _close_late(self) -> None:
        self._header_timer = None
        # A complete request gets its response before the connection closes.
        if self._serving:
            self._headers_late = True
        else:
            self._connections.close_late(self)


class ConnectionServer(web.Server):
    """Creates a `ClientConnection` for every client."""

    def __init__(
        self, handler: RequestHandler, open_connections: OpenConnections, *, request_factory: Any, **options: Any
    ) -> None:
        def serve(request: Any) -> Awaitable[web.StreamResponse]:
            connection: ClientConnection = request.protocol
            return connection.serve(handler, request)

        super().__init__(serve, request_factory=request_factory)
        self.open_connections = open_connections
        self._options = options

    def __call__(self) -> ClientConnection:
        return ClientConnection(self, loop=asyncio.get_running_loop(), **self._options)


def _limit_unacknowledged(connected: socket.socket | None) -> None:
    # Only Linux has the option.
    option = getattr(socket, "TCP_USER_TIMEOUT", None)
    if connected is not None and option is not None:
        with suppress(OSError):
            connected.setsockopt(socket.IPPROTO_TCP, option, UNACKNOWLEDGED_MS)


def _problem(status: int) -> Problem:
    """Return the problem for a request that reached no handler, or whose handler failed."""
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Problem(HTTPStatus(status), "internal_error", "Internal error. Send the request again later.")
    return Problem(
        HTTPStatus.BAD_REQUEST,
        "unreadable_request",
        f"This is not a valid HTTP request, or it has more than {BOUNDS['max_headers']} headers, or a header of more "
        f"than {BOUNDS['max_field_size']} bytes.",
    )
