"""Health endpoints of services that share one process, on one loopback port."""

import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from aiohttp import web

from orylo_common.http.private import PrivateRoutes


def reserve_port() -> tuple[socket.socket, str]:
    """Return a listening socket on a free port, and its URL, which services need before all of them run."""
    listener = socket.create_server(("127.0.0.1", 0))
    host, port = listener.getsockname()
    return listener, f"http://{host}:{port}"


@asynccontextmanager
async def serve_health(services: Mapping[str, PrivateRoutes], listener: socket.socket) -> AsyncIterator[None]:
    """Serve the private routes, such as `/detector/readyz`."""
    app = web.Application()
    for name, private in services.items():
        part = web.Application()
        part.add_routes(private.routes())
        app.add_subapp(f"/{name}/", part)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.SockSite(runner, listener).start()
        yield
    finally:
        await runner.cleanup()
