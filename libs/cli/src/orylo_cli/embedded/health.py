"""Health endpoints of services that share one process, on one loopback port."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from aiohttp import web

from orylo_common.http.private import PrivateRoutes


@asynccontextmanager
async def serve_health(services: Mapping[str, PrivateRoutes]) -> AsyncIterator[str]:
    """Serve the private routes, such as `/detector/readyz`, and yield their base URL."""
    app = web.Application()
    for name, private in services.items():
        part = web.Application()
        part.add_routes(private.routes())
        app.add_subapp(f"/{name}/", part)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()
