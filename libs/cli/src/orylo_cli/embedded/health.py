"""Health endpoints of services that share one process, on one loopback port."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from aiohttp import web

from orylo_common.telemetry.health import Health


@asynccontextmanager
async def serve_health(by_service: Mapping[str, Health]) -> AsyncIterator[str]:
    """Serve the endpoints, such as `/detector/readyz`, and yield their base URL."""
    app = web.Application()
    for name, health in by_service.items():
        part = web.Application()
        part.add_routes(health.routes())
        app.add_subapp(f"/{name}/", part)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()
