"""Streams a file: page by page, so that memory holds one page however large the file is."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import structlog
from aiohttp import hdrs, web

from orylo_api.http.route import Media

# For a client to read one page.
WRITE_LIMIT = timedelta(seconds=60)

log = structlog.get_logger(__name__)


async def stream_file(
    request: web.Request, name: str, pages: AsyncIterator[bytes], media: Media = Media.CSV
) -> web.StreamResponse:
    """Send the pages, which consist of whole lines in UTF-8, as a file.

    An error before the first page is an error response. After it the connection is aborted, because a client must not
    take a part of the file for the whole.
    """
    first = await anext(pages)
    response = web.StreamResponse(headers={hdrs.CONTENT_DISPOSITION: f'attachment; filename="{name}"'})
    response.content_type = media.value
    if media is Media.CSV:
        response.charset = "utf-8"
    await response.prepare(request)
    try:
        await _write(response, first)
        async for page in pages:
            await _write(response, page)
    except Exception as error:  # noqa: BLE001  no other response can follow the part that was sent
        log.warning("file.aborted", file=name, error=type(error).__name__)
        if request.transport is not None:
            request.transport.abort()
    return response


async def _write(response: web.StreamResponse, page: bytes) -> None:
    async with asyncio.timeout(WRITE_LIMIT.total_seconds()):
        await response.write(page)
