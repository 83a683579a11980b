"""What every request passes through: the time limit, errors, headers and metrics."""

import asyncio
from time import perf_counter

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from orylo_api.http.dashboard import accepted_codings
from orylo_api.http.problems import allowed_methods, error_response
from orylo_api.http.request_ids import REQUEST_ID
from orylo_api.metrics import REQUEST_SECONDS, REQUESTS
from orylo_common.http.security_headers import SECURITY_HEADERS, add_security_headers, came_by_https

# Only this origin serves the dashboard, and the dashboard loads from nowhere else.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {**SECURITY_HEADERS, "Content-Security-Policy": CONTENT_SECURITY_POLICY}
# Below it, compression saves no packet.
COMPRESSED_FROM_BYTES = 1024


@web.middleware
async def compress(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Compress answers if the client accepts gzip. Files and streams have their own codings."""
    response = await handler(request)
    if isinstance(response, web.Response) and hdrs.CONTENT_ENCODING not in response.headers:
        body = response.body
        if isinstance(body, bytes) and len(body) > COMPRESSED_FROM_BYTES:
            response.headers[hdrs.VARY] = "Accept-Encoding"
            if "gzip" in accepted_codings(request.headers.get(hdrs.ACCEPT_ENCODING, "")):
                response.enable_compression(web.ContentCoding.gzip)
    return response


@web.middleware
async def count_requests(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Count by the route's template: paths contain ids, of which there is no limit."""
    started = perf_counter()
    # A client that hung up.
    status = 499
    try:
        response = await handler(request)
        status = response.status
    finally:
        resource = request.match_info.route.resource
        template = resource.canonical if resource is not None else "none"
        REQUESTS.labels(request.method if request.method in hdrs.METH_ALL else "other", template, status).inc()
        REQUEST_SECONDS.labels(template).observe(perf_counter() - started)
    return response


@web.middleware
async def handle_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except asyncio.CancelledError:
        raise
    except web.HTTPMethodNotAllowed as error:
        if request.method != hdrs.METH_OPTIONS:
            return error_response(error, request[REQUEST_ID])
        return web.Response(status=204, headers={hdrs.ALLOW: allowed_methods(error)})
    except Exception as error:  # noqa: BLE001  no traceback may reach the client
        return error_response(error, request[REQUEST_ID])


async def secure_headers(request: web.Request, response: web.StreamResponse, *, trusted_proxies: int) -> None:
    """Add the headers just before any response starts, including streams."""
    if request.path.startswith("/api/"):
        response.headers.setdefault("Cache-Control", "no-store")
    add_security_headers(response, HEADERS, https=came_by_https(request, trusted_proxies))
