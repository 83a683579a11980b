"""The body of a request: bounded in size, also after inflation, and in time."""

import asyncio
import zlib
from datetime import timedelta

from aiohttp import StreamReader, hdrs, web

from orylo_ingest.http import problems
from orylo_ingest.http.problems import Refused

# How zlib is told of each encoding.
_WINDOWS = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


async def read_body(request: web.Request, *, max_bytes: int, timeout: timedelta) -> bytes:
    """The bytes as they were sent, inflated where the headers say so. Raises `Refused`."""
    if (request.content_length or 0) > max_bytes:
        raise Refused(problems.too_large(max_bytes))
    encoding = _encoding_of(request)
    content = request.content
    try:
        if content.is_eof():
            body = content.read_nowait()
        else:
            async with asyncio.timeout(timeout.total_seconds()):
                body = await _read(content, max_bytes)
    except TimeoutError:
        raise Refused(problems.too_slow()) from None
    except (web.RequestPayloadError, web.HTTPBadRequest, ValueError, ConnectionError):
        raise Refused(problems.broken_off()) from None
    if encoding is not None:
        body = _inflated(body, encoding, max_bytes)
    if len(body) > max_bytes:
        raise Refused(problems.too_large(max_bytes))
    return body


def _encoding_of(request: web.Request) -> str | None:
    """None for a body as it is."""
    if hdrs.CONTENT_ENCODING not in request.headers:
        return None
    encoding = ",".join(request.headers.getall(hdrs.CONTENT_ENCODING)).strip().lower()
    if encoding in ("", "identity"):
        return None
    if encoding not in _WINDOWS:
        raise Refused(problems.unsupported_encoding())
    return encoding


def _inflated(body: bytes, encoding: str, max_bytes: int) -> bytes:
    """At most a byte more than `max_bytes`."""
    window = _WINDOWS[encoding]
    if encoding == "deflate" and body[:1] and body[0] & 0x0F != zlib.DEFLATED:
        # Some leave out the header that the standard asks for.
        window = -window
    inflating = zlib.decompressobj(window)
    try:
        inflated = inflating.decompress(body, max_bytes + 1)
    except zlib.error:
        raise Refused(problems.broken_off()) from None
    if len(inflated) <= max_bytes and (not inflating.eof or inflating.unused_data):
        raise Refused(problems.broken_off())
    return inflated


async def _read(content: StreamReader, max_bytes: int) -> bytes:
    body = bytearray()
    while len(body) <= max_bytes and (chunk := await content.readany()):
        body += chunk
    return bytes(body)
