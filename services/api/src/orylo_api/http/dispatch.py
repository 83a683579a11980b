"""From a route to an aiohttp handler: authenticate, authorise, read, call the endpoint, respond."""

import asyncio
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from orylo_api.access.authentication import authenticate, authorise, check_changes_nothing
from orylo_api.access.identity import Principal
from orylo_api.call import SERVICES, Call, Services
from orylo_api.http import idempotency
from orylo_api.http.fields import ResponseBody
from orylo_api.http.maintenance import check_maintenance
from orylo_api.http.preconditions import check_unchanged, etag_of, json_of, matches
from orylo_api.http.reading import (
    check_accepts,
    check_is_csv,
    parse_body,
    read_origin,
    read_path,
    read_query,
    read_whole_body,
)
from orylo_api.http.request_ids import log_caller
from orylo_api.http.route import Media, Route
from orylo_api.http.tenancy import platform_transaction
from orylo_api.read_models.stream_events import write_stream_events
from orylo_common.postgres.pool import Connection


def handler_of(route: Route, shown: Route | None = None) -> Handler:
    """Return the handler of a route. `shown` is the GET of the path, if the route changes the resource there."""

    async def handle(request: web.Request) -> web.StreamResponse:
        async with asyncio.timeout(route.time_limit.total_seconds() if route.time_limit else None):
            return await _serve(route, request, shown)

    return handle


async def _serve(route: Route, request: web.Request, shown: Route | None) -> web.StreamResponse:
    services = request.app[SERVICES]
    if route.status != 204:
        check_accepts(request, route.media)
    principal = None
    if route.permission is not None:
        principal = await authenticate(request, services)
        log_caller(principal)
        check_changes_nothing(principal, route.changes)
        authorise(principal, route.permission)
        if route.stops_in_maintenance:
            check_maintenance(services.plane, principal.tenant.id, services.clock.now())
    if not route.upload_bytes or principal is None:
        return await _serve_caller(route, request, shown, principal)
    check_is_csv(request)
    async with services.upload_turns.turn(principal.tenant.id):
        return await _serve_caller(route, request, shown, principal)


async def _serve_caller(
    route: Route, request: web.Request, shown: Route | None, principal: Principal | None
) -> web.StreamResponse:
    services = request.app[SERVICES]
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
    if request.method == hdrs.METH_HEAD and route.media is not Media.JSON:
        return web.Response(content_type=route.media.value)
    if not route.in_transaction:
        return _respond(route, request, await route.endpoint(call))
    if route.waits_for_service:
        return await _serve_without_transaction(route, call, body)
    response = await _serve_in_transaction(route, call, body, shown)
    services.relay.offer(call.outgoing)
    return response


async def _serve_in_transaction(
    route: Route, call: Call[object, object, object], body: bytes, shown: Route | None
) -> web.StreamResponse:
    principal, request = call.principal, call.request
    key = _idempotency_key(route, call)
    async with _transaction(route, call.services, principal) as connection:
        if key is not None:
            stored = await idempotency.claim(connection, principal, key, request, body, call.services.clock.now())
            if stored is not None:
                return _replayed(stored)
        call = replace(call, open_transaction=connection)
        if shown is not None:
            await check_unchanged(call, route, shown)
        response = _respond(route, request, await route.endpoint(call))
        if key is not None and isinstance(response, web.Response) and isinstance(response.body, bytes):
            stored = idempotency.StoredResponse(response.status, response.body)
            await idempotency.store_response(connection, principal, key, stored)
        if call.stream_events:
            await write_stream_events(connection, {principal.tenant.id: call.stream_events})
        return response


async def _serve_without_transaction(
    route: Route, call: Call[object, object, object], body: bytes
) -> web.StreamResponse:
    principal, request, pool = call.principal, call.request, call.services.private_pool
    key = _idempotency_key(route, call)
    if key is None:
        return _respond(route, request, await route.endpoint(call))
    fingerprint = idempotency.fingerprint_of(principal, request, body)
    stored = await idempotency.find(pool, principal, key, fingerprint)
    if stored is None:
        response = _respond(route, request, await route.endpoint(call))
        if not isinstance(response, web.Response) or not isinstance(response.body, bytes):
            return response
        new, now = idempotency.StoredResponse(response.status, response.body), call.services.clock.now()
        stored = await idempotency.insert_response(pool, principal, key, fingerprint, new, now)
        if stored is None:
            return response
    return _replayed(stored)


def _idempotency_key(route: Route, call: Call[object, object, object]) -> str | None:
    """Return the key of a request whose response is stored. An operator who has entered a tenant changes nothing."""
    is_visitor = call.principal.impersonation is not None
    return idempotency.read_key(call.request) if route.takes_idempotency_key and not is_visitor else None


def _replayed(stored: idempotency.StoredResponse) -> web.Response:
    return _json(stored.body, stored.status, {idempotency.REPLAYED_HEADER: "true"})


def _transaction(route: Route, services: Services, principal: Principal) -> AbstractAsyncContextManager[Connection]:
    readonly = route.method == hdrs.METH_GET or principal.impersonation is not None
    if route.across_tenants:
        return platform_transaction(services.private_pool, readonly=readonly)
    return services.tenant_transaction(principal, readonly=readonly)


def _respond(route: Route, request: web.Request, result: ResponseBody | web.StreamResponse) -> web.StreamResponse:
    if isinstance(result, web.StreamResponse):
        return result
    body, headers = json_of(result), _link_to_next(route, request, result)
    if not route.has_etag:
        return _json(body, route.status, headers)
    # Browsers may cache the response but must revalidate it, by its ETag.
    headers |= {hdrs.ETAG: etag_of(body), hdrs.CACHE_CONTROL: "private, no-cache"}
    if matches(request.headers.get(hdrs.IF_NONE_MATCH, ""), headers[hdrs.ETAG]):
        return web.Response(status=304, headers=headers)
    return _json(body, route.status, headers)


def _link_to_next(route: Route, request: web.Request, result: ResponseBody) -> dict[str, str]:
    """Return the header `Link` (RFC 8288) of a page that another one follows."""
    cursor = getattr(result, "next_cursor", None) if route.is_page else None
    if cursor is None:
        return {}
    return {hdrs.LINK: f'<{request.rel_url.update_query(cursor=cursor)}>; rel="next"'}


def _json(body: bytes, status: int, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(body=body, status=status, content_type="application/json", headers=headers)
