"""The OpenAPI document."""

from aiohttp import web

from orylo_api.call import Call
from orylo_api.http.route import ANYONE, Route


async def show_openapi(call: Call[None, None, None]) -> web.Response:
    return web.Response(
        body=call.services.document, content_type="application/json", headers={"Cache-Control": "no-cache"}
    )


ROUTES = (Route("GET", "/api/openapi.json", show_openapi, ANYONE, "This document"),)
