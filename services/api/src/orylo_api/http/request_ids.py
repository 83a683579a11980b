"""An id for each request: a user quotes it to support, and the log lines of the request have it, with the caller's."""

from typing import Final

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from orylo_api.access.identity import Principal
from orylo_common.ids import uuid7

HEADER: Final = "X-Request-Id"
# Where aiohttp's request keeps it.
REQUEST_ID: Final = web.RequestKey("request_id", str)


@web.middleware
async def identify_requests(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Generate the id. A client's own header is ignored, since it could repeat another request's id."""
    request[REQUEST_ID] = request_id = str(uuid7())
    # The next request of the connection may have another caller.
    with structlog.contextvars.bound_contextvars(request_id=request_id, caller="unknown", tenant_id=None):
        return await handler(request)


def log_caller(principal: Principal) -> None:
    """Add the caller's id and tenant to the log lines of the request from here on."""
    structlog.contextvars.bind_contextvars(
        caller=f"{principal.kind}:{principal.id}", tenant_id=str(principal.tenant.id)
    )


async def add_request_id(request: web.Request, response: web.StreamResponse) -> None:
    """Add the header just before any response starts, including streams."""
    response.headers[HEADER] = request[REQUEST_ID]
