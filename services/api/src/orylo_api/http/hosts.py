"""The check of the `Host` header, for a demo: its password is public, so no other site's page may reach it."""

from aiohttp import web
from aiohttp.typedefs import Handler

from orylo_common.http.addresses import names_loopback


@web.middleware
async def refuse_other_hosts(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer 421 unless the request names this machine by a loopback name."""
    if not names_loopback(request.host):
        raise web.HTTPMisdirectedRequest
    return await handler(request)
