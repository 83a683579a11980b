"""Request bodies, bounded in size (also after decompression) and in time."""

import asyncio
import re
import zlib
from datetime import timedelta
from http import HTTPStatus

from aiohttp import StreamReader, hdrs, web

from orylo_common.http.problems import HTTPProblem, Problem

# Values of Content-Encoding that senders use and that encode nothing (RFC 9110 §8.4.1 lists the codings): charsets,
# transfer encodings of email, and what Amazon's clients call their framing.
_NO_CODINGS = re.compile(
    r"(?:charset=)?(?:utf-?8|utf-?16|(?:us-)?ascii|iso-?8859-[0-9]+|latin-?1|windows-125[0-9])"
    r"|identity|none|7bit|8bit|binary|aws-chunked"
)
# zlib's `wbits` for each content coding.
_WINDOWS = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


async def read_body(request: web.Request, *, max_bytes: int, timeout: timedelta) -> bytes:
    """Return the body as it was sent, decompressed if `Content-Encoding` says so.

    The server must run with `auto_decompress=False`. Raises `HTTPProblem`.
    """
    if (request.content_length or 0) > max_bytes:
        raise HTTPProblem(too_large(max_bytes))
    encoding = _encoding_of(request)
    content = request.content
    try:
        if content.is_eof():
            body = content.read_nowait()
        else:
            async with asyncio.timeout(timeout.total_seconds()):
                body = await _read(content, max_bytes)
    except TimeoutError:
        raise HTTPProblem(too_slow()) from None
    except (web.RequestPayloadError, web.HTTPBadRequest, ValueError, ConnectionError):
        raise HTTPProblem(incomplete()) from None
    if encoding is not None:
        body = _decompressed(body, encoding, max_bytes)
    if len(body) > max_bytes:
        raise HTTPProblem(too_large(max_bytes))
    return body


def unreadable(detail: str) -> Problem:
    return Problem(HTTPStatus.BAD_REQUEST, "unreadable_body", detail)


def incomplete() -> Problem:
    return unreadable("The body is incomplete, or not encoded as its headers say.")


def unsupported_encoding() -> Problem:
    return Problem(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        "unsupported_encoding",
        "Send the body uncompressed, or with one Content-Encoding: gzip or deflate.",
    )


def too_large(limit: int) -> Problem:
    return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body_too_large", f"The body may have at most {limit} bytes.")


def too_slow() -> Problem:
    return Problem(HTTPStatus.REQUEST_TIMEOUT, "body_too_slow", "The body did not arrive in time. Send it again.")


def _encoding_of(request: web.Request) -> str | None:
    """Return the content coding, or None for an uncompressed body."""
    if hdrs.CONTENT_ENCODING not in request.headers:
        return None
    values = ",".join(request.headers.getall(hdrs.CONTENT_ENCODING)).lower().split(",")
    codings = [value for value in map(str.strip, values) if value and not _NO_CODINGS.fullmatch(value)]
    if not codings:
        return None
    if len(codings) > 1 or codings[0] not in _WINDOWS:
        raise HTTPProblem(unsupported_encoding())
    return codings[0]


def _decompressed(body: bytes, encoding: str, max_bytes: int) -> bytes:
    """Return at most one byte more than `max_bytes`."""
    window = _WINDOWS[encoding]
    if encoding == "deflate" and body[:1] and body[0] & 0x0F != zlib.DEFLATED:
        # Some clients send raw deflate, without the zlib header that RFC 9110 requires.
        window = -window
    decompressor = zlib.decompressobj(window)
    try:
        decompressed = decompressor.decompress(body, max_bytes + 1)
    except zlib.error:
        raise HTTPProblem(incomplete()) from None
    if len(decompressed) <= max_bytes and (not decompressor.eof or decompressor.unused_data):
        raise HTTPProblem(incomplete())
    return decompressed


async def _read(content: StreamReader, max_bytes: int) -> bytes:
    body = bytearray()
    while len(body) <= max_bytes and (chunk := await content.readany()):
        body += chunk
    return bytes(body)
