"""A response for webhooks, serialised by hand: aiohttp's own costs as much as verifying the signature."""

from http import HTTPStatus

from aiohttp import HttpVersion11, web

from orylo_common.http.security_headers import SECURITY_HEADERS


class JsonAnswer(web.StreamResponse):
    """A small JSON body in one write. Its headers are fixed, the security headers among them."""

    def __init__(self, status: HTTPStatus, body: bytes) -> None:
        # The base class is not initialised: the methods below are all that the server calls.
        self._head = _HEADS[status]
        self._bytes = body
        self._stays_open = True

    @property
    def status(self) -> int:
        return self._head[0]

    @property
    def keep_alive(self) -> bool:
        return self._stays_open

    async def prepare(self, request: web.BaseRequest) -> None:
        self._stays_open = request.keep_alive
        if self._stays_open:
            connection = b"" if request.version == HttpVersion11 else b"Connection: keep-alive\r\n"
        else:
            connection = b"Connection: close\r\n"
        transport = request.transport
        if transport is None:
            raise ConnectionResetError("the client disconnected")
        transport.write(self._head[1] % (len(self._bytes), connection) + self._bytes)

    async def write_eof(self, data: bytes = b"") -> None:
        """Do nothing: `prepare` wrote the whole response."""


_HEADS = {
    status: (
        status.value,
        f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode()
        + "".join(f"{name}: {value}\r\n" for name, value in SECURITY_HEADERS.items()).encode()
        + b"Cache-Control: no-store\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%b\r\n",
    )
    for status in (HTTPStatus.OK, HTTPStatus.ACCEPTED)
}
