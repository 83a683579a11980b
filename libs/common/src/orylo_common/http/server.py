"""The public HTTP servers of ingest and the API."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from orylo_common.http.connections import BOUNDS, ConnectionServer, RequestHandler
from orylo_common.http.open_connections import OpenConnections

# Longer than a load balancer's usual minute, so that the balancer closes idle connections first.
KEEPALIVE_S = 75.0


def _request(message: Any, payload: Any, connection: Any, writer: Any, task: Any) -> web.Request:
    """Create a request that belongs to no application."""
    return web.Request(message, payload, connection, writer, task, asyncio.get_running_loop())


@asynccontextmanager
async def serve_http(
    name: str,
    handler: RequestHandler,
    *,
    host: str,
    port: int,
    behind_proxy: bool,
    shutdown_timeout: timedelta,
    reuse_port: bool = False,
    request_factory: Any = _request,
) -> AsyncIterator[int]:
    """Serve while inside; yield the port, which the system chose if `port` is 0.

    Leaving finishes the requests in progress. `name` labels metrics and logs.
    """
    server = ConnectionServer(
        handler,
        OpenConnections.within_descriptors(name, behind_proxy=behind_proxy),
        request_factory=request_factory,
        access_log=None,
        logger=_logger(),
        keepalive_timeout=KEEPALIVE_S,
        # `orylo_common.http.bodies` decompresses, within its bounds.
        auto_decompress=False,
        **BOUNDS,
    )
    runner = web.ServerRunner(server, shutdown_timeout=shutdown_timeout.total_seconds())
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port, backlog=1024, reuse_port=reuse_port or None).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def _logger() -> logging.Logger:
    """Return a logger for bugs. Invalid HTTP is not logged: the line would repeat its content."""
    logger = logging.getLogger(__name__)
    logger.addFilter(_is_bug)
    return logger


def _is_bug(record: logging.LogRecord) -> bool:
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError | web.RequestPayloadError))
