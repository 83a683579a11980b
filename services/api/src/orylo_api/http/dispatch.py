"""From a route to an aiohttp handler: authenticate, authorise, read, call the endpoint, respond."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from orylo_api.access.authentication import authenticate, authorise
from orylo_api.call import SERVICES, Call
from orylo_api.http import idempotency
from orylo_api.http.etags import etag_of, is_unchanged
from orylo_api.http.fields import ResponseBody
from orylo_api.http.reading import (
    check_is_csv,
    parse_body,
    read_origin,
    read_path,
    read_query,
    read_whole_body,
)
from orylo_api.http.route import Route
from orylo_api.http.tenancy import tenant_transaction


def handler_of(route: Route) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        async with asyncio.timeout(route.time_limit.total_seconds() if route.time_limit else None):
            if not route.upload_bytes:
                return await _serve(route, request)
            async with request.app[SERVICES].upload_turns:
                return await _serve(route, request)

    return handle


async def _serve(route: Route, request: web.Request) -> web.StreamResponse:
    services = request.app[SERVICES]
    principal = None
    if route.permission is not None:
        principal = await authenticate(request, services)
        authorise(principal, route.permission)
    if route.upload_bytes:
        check_is_csv(request)
    body = await read_whole_body(request, route.upload_bytes)
    call: Call[object, object, object] = Call(
        request=request,
        services=services,
        path=read_path(request, route.path_values) if route.path_values else None,
        query=read_query(request, route.query) if route.query else None,
        body=parse_body(request, body, route.body) if route.body else None,
        upload=body if route.upload_bytes else b"",
        origin=read_origin(request, services.settings),
        known_principal=principal,
    )
    if not route.in_transaction:
        return _respond(route, request, await route.endpoint(call))
    response = await _serve_in_transaction(route, call, body)
    services.relay.offer(call.outgoing)
    return response


async def _serve_in_transaction(route: Route, call: Call[object, object, object], body: bytes) -> web.StreamResponse:
    principal, request = call.principal, call.request
    key = idempotency.read_key(request) if route.takes_idempotency_key else None
    pool, readonly = call.services.tenant_pool, route.method == hdrs.METH_GET
    async with tenant_transaction(pool, principal.tenant.id, principal.role, readonly=readonly) as connection:
        if key is not None:
            stored = await idempotency.claim(connection, principal, key, request, body, call.services.clock.now())
            if stored is not None:
                return _json(stored.body, stored.status, {idempotency.REPLAYED_HEADER: "true"})
        result = await route.endpoint(replace(call, open_transaction=connection))
        response = _respond(route, request, result)
        if key is not None and isinstance(response, web.Response) and isinstance(response.body, bytes):
            stored = idempotency.StoredResponse(response.status, response.body)
            await idempotency.store_response(connection, principal, key, stored)
        return response


def _respond(route: Route, request: web.Request, result: ResponseBody | web.StreamResponse) -> web.StreamResponse:
    if isinstance(result, web.StreamResponse):
        return result
    body = result.__pydantic_serializer__.to_json(result)
    if not route.has_etag:
        return _json(body, route.status)
    etag = etag_of(body)
    unchanged = route.method == hdrs.METH_GET and is_unchanged(request, etag)
    response = web.Response(status=304) if unchanged else _json(body, route.status)
    response.headers[hdrs.ETAG] = etag
    # Browsers may cache the response but must revalidate it, by its ETag.
    response.headers[hdrs.CACHE_CONTROL] = "private, no-cache"
    return response


def _json(body: bytes, status: int, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(body=body, status=status, content_type="application/json", headers=headers)
