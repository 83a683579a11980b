"""The OpenAPI document."""

from aiohttp import web

from orylo_api.call import Call


async def show_openapi(call: Call[None, None, None]) -> web.Response:
    return web.Response(
        body=call.services.document, content_type="application/json", headers={"Cache-Control": "no-cache"}
    )
