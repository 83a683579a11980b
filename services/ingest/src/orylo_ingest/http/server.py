"""The HTTP server. Webhooks bypass aiohttp's router and application, which cost as much as reading a webhook."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import hdrs, web
from aiohttp.http_exceptions import HttpProcessingError

from orylo_common.http.bodies import incomplete
from orylo_ingest.endpoints.webhooks import PATH, WebhookEndpoint
from orylo_ingest.http.connections import BOUNDS, ConnectionServer
from orylo_ingest.http.problems import from_aiohttp

# For requests in progress when the server stops.
SHUTDOWN_S = 20.0
# Longer than a load balancer's usual minute, so that the balancer closes idle connections first.
KEEPALIVE_S = 75.0


@asynccontextmanager
async def serve_http(
    table: list[web.RouteDef], webhooks: WebhookEndpoint, *, host: str, port: int, reuse_port: bool, max_body_bytes: int
) -> AsyncIterator[int]:
    """JsonAnswer while inside; the port, which the system chose where `port` is 0. Leaving finishes what is in hand."""
    app = web.Application(client_max_size=max_body_bytes)
    app.add_routes(table)
    runner = _Runner(app, webhooks)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port, backlog=1024, reuse_port=reuse_port or None)
        await site.start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


class _Runner(web.AppRunner):
    def __init__(self, app: web.Application, webhooks: WebhookEndpoint) -> None:
        super().__init__(
            app,
            access_log=None,
            logger=_logger(),
            shutdown_timeout=SHUTDOWN_S,
            keepalive_timeout=KEEPALIVE_S,
            # Bodies are inflated where their bounds are (`orylo_common.http.bodies`).
            auto_decompress=False,
            **BOUNDS,
        )
        self._webhooks = webhooks

    async def _make_server(self) -> ConnectionServer:
        routed = await super()._make_server()
        handler = _bypass_router(self._webhooks.receive, routed.request_handler)
        return ConnectionServer(handler, request_factory=routed.request_factory, **self._kwargs)


def _logger() -> logging.Logger:
    """Return a logger for bugs. Invalid HTTP is not logged: the line would repeat its content."""
    logger = logging.getLogger(__name__)
    logger.addFilter(_is_bug)
    return logger


def _is_bug(record: logging.LogRecord) -> bool:
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError | web.RequestPayloadError))


def _bypass_router(
    receive: Callable[[web.Request], Awaitable[web.StreamResponse]], route: Callable[[Any], Awaitable[Any]]
) -> Callable[[Any], Awaitable[Any]]:
    """Call `receive` for webhooks, and the route table for everything else. The responses are the same."""

    async def handle(request: web.Request) -> web.StreamResponse:
        # A client that waits for 100 Continue is rare, and aiohttp's application handles it.
        if (
            request.method == hdrs.METH_POST
            and request.raw_path.startswith(PATH)
            and hdrs.EXPECT not in request.headers
        ):
            return await receive(request)
        try:
            response: web.StreamResponse = await route(request)
        except web.HTTPException as error:
            return from_aiohttp(error)
        except (web.RequestPayloadError, ConnectionError):
            return incomplete().response()
        return response

    return handle
