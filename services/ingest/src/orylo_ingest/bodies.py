"""The body of a request: bounded in size, also after inflation, and in time."""

import asyncio
from datetime import timedelta

from aiohttp import StreamReader, hdrs, web

from orylo_ingest import problems
from orylo_ingest.problems import Refused


async def read_body(request: web.Request, *, max_bytes: int, timeout: timedelta) -> bytes:
    """The bytes as they were sent, inflated where the headers say so. Raises `Refused`."""
    if (request.content_length or 0) > max_bytes:
        raise Refused(problems.too_large(max_bytes))
    content = request.content
    try:
        if content.is_eof() and hdrs.CONTENT_ENCODING not in request.headers:
            body = content.read_nowait()
        else:
            async with asyncio.timeout(timeout.total_seconds()):
                body = await _read(content, max_bytes)
    except TimeoutError:
        raise Refused(problems.too_slow()) from None
    except (web.RequestPayloadError, web.HTTPBadRequest, ValueError, ConnectionError):
        raise Refused(problems.broken_off()) from None
    if len(body) > max_bytes:
        raise Refused(problems.too_large(max_bytes))
    return body


async def _read(content: StreamReader, max_bytes: int) -> bytes:
    body = bytearray()
    while len(body) <= max_bytes and (chunk := await content.readany()):
        body += chunk
    return bytes(body)
