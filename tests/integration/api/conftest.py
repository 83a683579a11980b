"""The whole API on a real database, two tenants in it, and clients that speak to it as people and as machines."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import aiohttp
import asyncpg
import pytest
import pytest_asyncio
from redis.asyncio import Redis

from orylo_api.app import open_app
from orylo_api.projection.batch import write_batch
from orylo_api.settings import Settings
from orylo_common.broker.postgres.broker import PostgresBroker
from orylo_common.control import Keyring, Tenant, admin
from orylo_common.control.models import Role
from orylo_common.postgres.pool import open_pool
from tests.support.servers import free_ports

PASSWORD = "correct horse battery"


class ShiftedClock:
    """The real time, and as much later as a test wants; or one moment for as long as a test wants."""

    def __init__(self) -> None:
        self.ahead = timedelta()
        self._moment: datetime | None = None

    def now(self) -> datetime:
        return (self._moment or datetime.now(UTC)) + self.ahead

    def stop(self) -> datetime:
        """What depends on how much time passes between two requests, or on the hour that it is, no longer does."""
        self._moment = datetime.now(UTC)
        return self._moment

    def reset(self) -> None:
        self.ahead, self._moment = timedelta(), None


@dataclass(frozen=True)
class Shop:
    """A tenant with an owner and a key."""

    tenant: Tenant
    owner: str
    key: str

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}


@dataclass(frozen=True)
class Api:
    url: str
    pool: asyncpg.Pool
    projector: asyncpg.Pool
    broker: PostgresBroker
    clock: ShiftedClock
    master_key: str
    a: Shop
    b: Shop
    sessions: list[aiohttp.ClientSession] = field(default_factory=list)

    def client(self, headers: dict[str, str] | None = None) -> aiohttp.ClientSession:
        """A browser, or a machine where `headers` hold its key."""
        # Cookies of 127.0.0.1 are kept only by a jar that is told to.
        jar = aiohttp.CookieJar(unsafe=True)
        session = aiohttp.ClientSession(self.url, headers=headers, cookie_jar=jar)
        self.sessions.append(session)
        return session

    async def sign_in(self, shop: Shop) -> aiohttp.ClientSession:
        """A browser with a session, that sends its CSRF token."""
        browser = self.client()
        body = {"email": shop.owner, "password": PASSWORD}
        async with browser.post("/api/v1/auth/login", json=body) as response:
            assert response.status == 200, await response.text()
            browser.headers["X-CSRF-Token"] = (await response.json())["csrf_token"]
        return browser

    async def project(self, *news: Any) -> None:
        async with self.projector.acquire() as connection, connection.transaction():
            await write_batch(connection, news)

    async def user(self, shop: Shop, role: Role, email: str) -> Shop:
        async with self.pool.acquire() as connection:
            await admin.create_user(connection, shop.tenant.id, email, password=PASSWORD, role=role)
            key = await admin.create_api_key(connection, shop.tenant.id, name=email, role=role)
        return Shop(shop.tenant, email, key.key)


async def make_shop(pool: asyncpg.Pool, slug: str) -> Shop:
    owner = f"owner@{slug}.example"
    async with pool.acquire() as connection:
        tenant = await admin.create_tenant(connection, slug)
        await admin.create_user(connection, tenant.id, owner, password=PASSWORD, role=Role.OWNER)
        key = await admin.create_api_key(connection, tenant.id, name="machine", role=Role.OWNER)
    return Shop(tenant, owner, key.key)


@asynccontextmanager
async def running_api(dsn: str, **settings: Any) -> AsyncIterator[tuple[str, PostgresBroker, str]]:
    """A replica: its address, its broker, the master key."""
    (port,), clock = free_ports(1), settings.pop("clock", None)
    master_key = settings.setdefault("master_key", Keyring.generate())
    broker = await PostgresBroker.open(dsn)
    values = {
        "database_url": dsn,
        "redis_url": "redis://127.0.0.1:1",
        "broker_url": "postgres",
        "api_port": port,
        **settings,
    }
    try:
        async with open_app(Settings(**values), broker=broker, redis=cast("Redis", None), clock=clock):
            yield f"http://127.0.0.1:{port}", broker, master_key
    finally:
        await broker.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shared_api(postgres_dsn: str) -> AsyncIterator[Api]:
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(open_pool(postgres_dsn, role="postgres", max_size=3))
        projector = await stack.enter_async_context(open_pool(postgres_dsn, role="orylo_api_projector", max_size=3))
        shops = await make_shop(pool, "loja-a"), await make_shop(pool, "loja-b")
        clock = ShiftedClock()
        url, broker, master_key = await stack.enter_async_context(running_api(postgres_dsn, clock=clock))
        api = Api(url, pool, projector, broker, clock, master_key, *shops)
        yield api
        for session in api.sessions:
            await session.close()


@pytest.fixture
async def api(shared_api: Api) -> Api:
    """Neither attempts to sign in nor a clock that was shifted or stopped outlast their test."""
    await shared_api.pool.execute("DELETE FROM api.login_failures")
    shared_api.clock.reset()
    return shared_api
