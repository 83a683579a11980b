"""An id for each request: a user quotes it to support, and the log lines of the request have it."""

from typing import Final

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from orylo_common.ids import uuid7

HEADER: Final = "X-Request-Id"
# Where aiohttp's request keeps it.
REQUEST_ID: Final = web.RequestKey("request_id", str)


@web.middleware
async def identify_requests(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Generate the id. A client's own header is ignored, since it could repeat another request's id."""
    request[REQUEST_ID] = request_id = str(uuid7())
    with structlog.contextvars.bound_contextvars(request_id=request_id):
        return await handler(request)


async def add_request_id(request: web.Request, response: web.StreamResponse) -> None:
    """Add the header just before any response starts, including streams."""
    response.headers[HEADER] = request[REQUEST_ID]
