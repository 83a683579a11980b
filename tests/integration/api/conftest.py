"""The whole API on a real database with two tenants, and clients with a session or an API key."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import aiohttp
import asyncpg
import pytest
import pytest_asyncio
from argon2 import PasswordHasher
from fakeredis import FakeAsyncRedis
from redis.asyncio import Redis

import orylo_detector.app
import orylo_detector.settings
import orylo_dispatch.app
import orylo_dispatch.settings
import orylo_ingest.app
import orylo_ingest.settings
from orylo_api.app import open_app
from orylo_api.projection.batch import write_batch
from orylo_api.settings import Settings
from orylo_common.broker.postgres.broker import PostgresBroker
from orylo_common.control import Keyring, Tenant, passwords
from orylo_common.control.api_keys import create_api_key
from orylo_common.control.models import Role
from orylo_common.control.tenants import create_tenant
from orylo_common.control.users import create_user
from orylo_common.http.private import serve_private
from orylo_common.postgres.pool import open_pool
from tests.support.actors import ACTOR
from tests.support.memory_broker import MemoryBroker
from tests.support.servers import free_ports

PASSWORD = "correct horse battery"
OTHER_QUEUES = ["ingest", "detector", "trust", "dispatch"]


class ShiftedClock:
    """The real time, shifted or stopped by a test."""

    def __init__(self) -> None:
        self.ahead = timedelta()
        self._moment: datetime | None = None

    def now(self) -> datetime:
        return (self._moment or datetime.now(UTC)) + self.ahead

    def stop(self) -> datetime:
        """Stop the clock, for tests that depend on the time between requests or on the hour."""
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
    # The role of requests, whose transactions are bound to a tenant.
    requests: asyncpg.Pool
    broker: PostgresBroker
    clock: ShiftedClock
    master_key: str
    a: Shop
    b: Shop
    sessions: list[aiohttp.ClientSession] = field(default_factory=list)

    def client(self, headers: dict[str, str] | None = None) -> aiohttp.ClientSession:
        """Return a browser, or a machine if `headers` contain an API key."""
        # By default, a cookie jar ignores cookies of IP addresses.
        jar = aiohttp.CookieJar(unsafe=True)
        session = aiohttp.ClientSession(self.url, headers=headers, cookie_jar=jar)
        self.sessions.append(session)
        return session

    async def sign_in(self, shop: Shop) -> aiohttp.ClientSession:
        """Return a browser with a session, which sends its CSRF token."""
        browser = self.client()
        body = {"email": shop.owner, "password": PASSWORD}
        async with browser.post("/api/v1/auth/login", json=body) as response:
            assert response.status == 200, await response.text()
            browser.headers["X-CSRF-Token"] = (await response.json())["csrf_token"]
        return browser

    async def project(self, *messages: Any) -> None:
        async with self.projector.acquire() as connection, connection.transaction():
            await write_batch(connection, messages)

    async def user(self, shop: Shop, role: Role, email: str) -> Shop:
        async with self.pool.acquire() as connection:
            await create_user(connection, shop.tenant.id, email, password=PASSWORD, role=role, actor=ACTOR)
            key = await create_api_key(connection, shop.tenant.id, name=email, role=role, actor=ACTOR)
        return Shop(shop.tenant, email, key.key)


async def make_shop(pool: asyncpg.Pool, slug: str) -> Shop:
    owner = f"owner@{slug}.example"
    async with pool.acquire() as connection:
        tenant = await create_tenant(connection, slug, actor=ACTOR)
        await create_user(connection, tenant.id, owner, password=PASSWORD, role=Role.OWNER, actor=ACTOR)
        key = await create_api_key(connection, tenant.id, name="machine", role=Role.OWNER, actor=ACTOR)
    return Shop(tenant, owner, key.key)


@asynccontextmanager
async def running_detector(dsn: str, port: int) -> AsyncIterator[None]:
    """Run a detector that receives no messages, for the API's calls."""
    settings = orylo_detector.settings.Settings(
        database_url=dsn, redis_url="redis://127.0.0.1:1", broker_url="postgres", master_key=Keyring.generate()
    )
    async with (
        FakeAsyncRedis() as redis,
        orylo_detector.app.open_app(settings, broker=MemoryBroker(), redis=redis) as private,
        serve_private(private, "127.0.0.1", port),
    ):
        yield


@asynccontextmanager
async def running_ingest_service(dsn: str, master_key: str) -> AsyncIterator[dict[str, str]]:
    """Run an ingest whose messages reach no other service. Yield the API's settings for it."""
    port, private_port = free_ports(2)
    settings = orylo_ingest.settings.Settings.model_validate(
        {
            "database_url": dsn,
            "redis_url": "redis://127.0.0.1:1",
            "broker_url": "postgres",
            "master_key": master_key,
            "ORYLO_INGEST_PORT": port,
        }
    )
    async with (
        FakeAsyncRedis() as redis,
        orylo_ingest.app.open_app(settings, broker=MemoryBroker(), redis=redis) as private,
        serve_private(private, "127.0.0.1", private_port),
    ):
        yield {
            "ingest_url": f"http://127.0.0.1:{port}",
            "ingest_private_url": f"http://127.0.0.1:{private_port}",
        }


@asynccontextmanager
async def running_dispatch_service(dsn: str, master_key: str) -> AsyncIterator[dict[str, str]]:
    """Run a dispatch that receives no messages and reaches no destination. Yield the API's settings for it."""
    (port,) = free_ports(1)
    settings = orylo_dispatch.settings.Settings(
        database_url=dsn,
        redis_url="redis://127.0.0.1:1",
        broker_url="postgres",
        master_key=master_key,
        meta_base_url="http://127.0.0.1:1",
        stripe_base_url="http://127.0.0.1:1",
    )
    async with (
        FakeAsyncRedis() as redis,
        orylo_dispatch.app.open_app(settings, broker=MemoryBroker(), redis=redis) as private,
        serve_private(private, "127.0.0.1", port),
    ):
        yield {"dispatch_url": f"http://127.0.0.1:{port}"}


@asynccontextmanager
async def running_api(dsn: str, **settings: Any) -> AsyncIterator[tuple[str, PostgresBroker, str]]:
    """Run a replica. Yield its URL, its broker and the master key."""
    (port, detector_port), clock = free_ports(2), settings.pop("clock", None)
    redis = cast(Redis, settings.pop("redis", None) or FakeAsyncRedis())
    master_key = settings.setdefault("master_key", Keyring.generate())
    broker = await PostgresBroker.open(dsn)
    values = {
        "database_url": dsn,
        "redis_url": "redis://127.0.0.1:1",
        "broker_url": "postgres",
        "api_port": port,
        "detector_url": f"http://127.0.0.1:{detector_port}",
        **settings,
    }
    try:
        async with (
            running_detector(dsn, detector_port),
            open_app(Settings(**values), broker=broker, redis=redis, clock=clock),
        ):
            yield f"http://127.0.0.1:{port}", broker, master_key
    finally:
        await broker.close()


@pytest.fixture(scope="module", autouse=True)
def _cheap_password_hashes() -> Iterator[None]:
    """Guessing takes hundreds of verifications, of 50 ms of CPU each at the real cost."""
    with pytest.MonkeyPatch.context() as patch:
        passwords.dummy_hash.cache_clear()
        patch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=2048, parallelism=1))
        yield
    passwords.dummy_hash.cache_clear()


@pytest.fixture(scope="module", autouse=True)
def _rare_retention() -> Iterator[None]:
    """Rows of a fixed date are older than some are kept. A test of the retention runs it itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("orylo_api.app.OTHERS_EVERY", timedelta(days=1))
        yield


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shared_api(postgres_dsn: str) -> AsyncIterator[Api]:
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(open_pool(postgres_dsn, role="postgres", max_size=3))
        projector = await stack.enter_async_context(open_pool(postgres_dsn, role="orylo_api_projector", max_size=3))
        requests = await stack.enter_async_context(open_pool(postgres_dsn, role="orylo_api", max_size=1))
        shops = await make_shop(pool, "loja-a"), await make_shop(pool, "loja-b")
        clock = ShiftedClock()
        key = Keyring.generate()
        ingest = await stack.enter_async_context(running_ingest_service(postgres_dsn, key))
        dispatch = await stack.enter_async_context(running_dispatch_service(postgres_dsn, key))
        running = running_api(postgres_dsn, clock=clock, master_key=key, **ingest, **dispatch)
        url, broker, master_key = await stack.enter_async_context(running)
        api = Api(url, pool, projector, requests, broker, clock, master_key, *shops)
        yield api
        for session in api.sessions:
            await session.close()


async def empty(pool: asyncpg.Pool, *tables: str) -> None:
    """Delete all rows, a table at a time. TRUNCATE would deadlock with the running API."""
    for table in tables:
        await pool.execute(f"DELETE FROM api.{table}")


@pytest.fixture
async def api(shared_api: Api) -> Api:
    """The shared API without an earlier test's login failures, shifted clock, or messages to the other services."""
    await empty(shared_api.pool, "login_failures")
    await shared_api.pool.execute("DELETE FROM bus.deliveries WHERE queue = ANY($1)", OTHER_QUEUES)
    shared_api.clock.reset()
    return shared_api
