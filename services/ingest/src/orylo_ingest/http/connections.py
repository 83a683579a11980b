"""Connections to the door: whoever takes too long over a request's headers is let go, and what is no HTTP is
told so."""

import asyncio
from typing import Any

from aiohttp import web

from orylo_ingest.http import problems

# From the connection, or from a later request's first byte, to the end of its headers.
HEADERS_S = 10.0
# aiohttp's own, said here so that they stay: what one request's headers may take up is bounded by them.
BOUNDS: dict[str, Any] = {"max_line_size": 8190, "max_field_size": 8190, "max_headers": 128}


class Connection(web.RequestHandler):
    """aiohttp gives no limit to headers that dribble in; a connection that is merely idle may stay."""

    __slots__ = ("_due",)

    def __init__(self, manager: web.Server, **options: Any) -> None:
        super().__init__(manager, **options)
        self._due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._due = self._loop.call_later(HEADERS_S, self.force_close)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        # It waits for a request, and what came did not complete one.
        if self._waiter is not None and not self._waiter.done():
            if self._due is None:
                self._due = self._loop.call_later(HEADERS_S, self.force_close)
        elif self._due is not None:
            self._due.cancel()
            self._due = None

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """aiohttp answers in plain text, and repeats what it could not read."""
        super().handle_error(request, status, exc, message)
        answer = problems.unanswered(status, BOUNDS).response()
        answer.force_close()
        return answer

    def connection_lost(self, exc: BaseException | None) -> None:
        if self._due is not None:
            self._due.cancel()
        super().connection_lost(exc)


class Server(web.Server):
    """Gives every caller such a connection."""

    def __call__(self) -> Connection:
        return Connection(self, loop=self._loop, **self._kwargs)
