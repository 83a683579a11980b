"""The OpenAPI document."""

from aiohttp import hdrs, web
from pydantic import Field

from orylo_api.call import Call
from orylo_api.http.fields import ResponseBody
from orylo_api.http.preconditions import etag_of, matches
from orylo_api.http.route import ANYONE, Route


class OpenAPIDocument(ResponseBody):
    """A description of every operation, as the OpenAPI Specification defines it."""

    openapi: str = Field(description="the version of the specification", examples=["3.1.0"])


async def show_openapi(call: Call[None, None, None]) -> web.Response:
    document = call.services.document
    headers = {hdrs.CACHE_CONTROL: "no-cache", hdrs.ETAG: etag_of(document)}
    if matches(call.request.headers.get(hdrs.IF_NONE_MATCH, ""), headers[hdrs.ETAG]):
        return web.Response(status=304, headers=headers)
    return web.Response(body=document, content_type="application/json", headers=headers)


ROUTES = (
    Route(
        "GET",
        "/api/openapi.json",
        show_openapi,
        ANYONE,
        "This document",
        response=OpenAPIDocument,
        description="OpenAPI 3.1, with an example of every request and response. `/api/docs` shows it as a page.",
    ),
)
