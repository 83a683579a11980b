"""A service's private HTTP port: its health, its metrics, and its own routes for the platform's other services.

Callers are not authenticated: the port must never be reachable from outside the platform.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from aiohttp import web

from orylo_common.telemetry.health import Health

# Requests that take longer are ended at a stop: a backtest runs for minutes, and starts again elsewhere.
SHUTDOWN = timedelta(seconds=3)


class PrivateRoutes(Protocol):
    """What a service serves on its private port: a `Health` alone, or with routes of its own."""

    def routes(self) -> list[web.RouteDef]: ...


@dataclass(frozen=True, slots=True)
class PrivateAPI:
    """A service's own routes beside its health."""

    health: Health
    own: Sequence[web.RouteDef]

    def routes(self) -> list[web.RouteDef]:
        return [*self.own, *self.health.routes()]


@asynccontextmanager
async def serve_private(private: PrivateRoutes, host: str, port: int) -> AsyncIterator[None]:
    """Serve the routes on `port` while inside."""
    app = web.Application()
    app.add_routes(private.routes())
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN.total_seconds())
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield
    finally:
        await runner.cleanup()
