"""Ingest inside the test's process, on a real PostgreSQL, and requests that gateways send to it."""

import hmac
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

import aiohttp
import asyncpg
from fakeredis import FakeAsyncRedis
from redis.asyncio import Redis

from orylo_common.broker.ports import Broker, Outgoing, PublishNotConfirmed, QueueSubscription
from orylo_common.clock import Clock
from orylo_common.control import Keyring
from orylo_common.control.gateway_secrets import put_gateway_secret
from orylo_common.control.gateways import GatewayConfig, set_gateway
from orylo_common.control.models import LiveMode, Mode
from orylo_common.control.tenants import create_tenant, find_tenant
from orylo_common.http.private import serve_private
from orylo_common.messages import Message, decode
from orylo_common.postgres.pool import open_pool
from orylo_ingest.app import open_app
from orylo_ingest.settings import Settings
from tests.support.actors import ACTOR
from tests.support.memory_broker import MemoryBroker
from tests.support.servers import free_ports

MASTER_KEY = Keyring.generate()
SECRET = "whsec_integration"
TENANT = "loja"
TABLES = ("events", "dedupe_registry", "facts", "linked_payments", "outbox", "webhook_counts", "repeats")


class Published:
    """A bus that keeps published messages, and confirms none while it is `away`. Ingest consumes from `incoming`."""

    def __init__(self) -> None:
        self.incoming = MemoryBroker()
        self.messages: list[Message] = []
        self.away = False

    def hand_over(self, message: Outgoing, settled: Callable[[UUID, bool], None]) -> bool:
        return False

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        if self.away:
            raise PublishNotConfirmed("away")
        self.messages += [decode(message.body) for message in messages]

    async def ping(self) -> None:
        if self.away:
            raise PublishNotConfirmed("away")

    async def subscribe(self, queue: str, *, prefetch: int) -> QueueSubscription:
        return await self.incoming.subscribe(queue, prefetch=prefetch)

    async def depth(self, queue: str) -> int:
        return (await self.incoming.depths([queue]))[queue]


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass
class Ingest:
    url: str
    session: aiohttp.ClientSession
    pool: asyncpg.Pool
    redis: Redis = field(default_factory=FakeAsyncRedis)
    published: Published = field(default_factory=Published)
    # Of the private port.
    private_url: str = ""

    async def post(
        self, body: bytes, *, gateway: str = "stripe", tenant: str = TENANT, headers: dict[str, str] | None = None
    ) -> Answer:
        address = f"{self.url}/api/v1/webhooks/{gateway}/{tenant}"
        async with self.session.post(address, data=body, headers=headers or {}) as response:
            return Answer(response.status, dict(response.headers), await response.json(content_type=None))

    async def post_in_chunks(self, body: bytes) -> Answer:
        async def chunks() -> AsyncIterator[bytes]:
            for start in range(0, len(body), 100_000):
                yield body[start : start + 100_000]

        async with self.session.post(f"{self.url}/api/v1/webhooks/stripe/{TENANT}", data=chunks()) as response:
            return Answer(response.status, dict(response.headers), await response.json(content_type=None))

    async def stripe(self, body: bytes, *, secret: str = SECRET, age_s: int = 0, tenant: str = TENANT) -> Answer:
        return await self.post(body, tenant=tenant, headers={"Stripe-Signature": stripe_signature(body, secret, age_s)})

    async def rows(self, table: str) -> int:
        count: int = await self.pool.fetchval(f"SELECT count(*) FROM ingest.{table}")
        return count

    async def configure(
        self,
        gateway: str = "stripe",
        *,
        secrets: Sequence[str] = (SECRET,),
        mode: Mode = "native",
        enabled: bool = True,
        accept: frozenset[LiveMode] = frozenset({"live", "test"}),
        allowed_networks: tuple[str, ...] = (),
        timezone: str | None = None,
        tenant: str = TENANT,
    ) -> None:
        # One transaction: ingest must not know the gateway before its secrets.
        async with self.pool.acquire() as connection, connection.transaction():
            found = await find_tenant(connection, tenant)
            config = GatewayConfig(enabled, mode, accept, allowed_networks, timezone)
            await set_gateway(connection, found.id, gateway, config, actor=ACTOR)
            await connection.execute("DELETE FROM control.gateway_secrets WHERE gateway = $1", gateway)
            for number, secret in enumerate(secrets):
                await put_gateway_secret(
                    connection,
                    Keyring.parse(MASTER_KEY),
                    found.id,
                    gateway,
                    label=str(number),
                    secret=secret,
                    actor=ACTOR,
                )


def stripe_signature(body: bytes, secret: str = SECRET, age_s: int = 0) -> str:
    at = int(time.time()) - age_s
    return f"t={at},v1={hmac.digest(secret.encode(), b'%d.' % at + body, 'sha256').hex()}"


def settings_for(dsn: str, port: int, **settings: Any) -> Settings:
    return Settings.model_validate(
        {
            "database_url": dsn,
            "redis_url": "redis://127.0.0.1",
            "broker_url": "postgres",
            "master_key": MASTER_KEY,
            "ORYLO_INGEST_PORT": port,
            **settings,
        }
    )


@asynccontextmanager
async def running_ingest(
    dsn: str,
    *,
    published: Published | None = None,
    redis: Redis | None = None,
    clock: Clock | None = None,
    **settings: Any,
) -> AsyncIterator[Ingest]:
    """Run ingest on empty tables, with the tenant `loja` and Stripe enabled."""
    published = published or Published()
    port, private_port = free_ports(2)
    async with open_pool(dsn, role="postgres", max_size=4) as pool:
        async with pool.acquire() as connection:
            for table in TABLES:
                await connection.execute(f"TRUNCATE ingest.{table}")
            await connection.execute("TRUNCATE control.tenants, control.document_key CASCADE")
            await create_tenant(connection, TENANT, actor=ACTOR)
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            private_url = f"http://127.0.0.1:{private_port}"
            ingest = Ingest(
                f"http://127.0.0.1:{port}", session, pool, redis or FakeAsyncRedis(), published, private_url
            )
            await ingest.configure()
            async with (
                open_app(
                    settings_for(dsn, port, **settings), broker=cast(Broker, published), redis=ingest.redis, clock=clock
                ) as private,
                serve_private(private, "127.0.0.1", private_port),
            ):
                yield ingest


@asynccontextmanager
async def open_another(dsn: str, first: Ingest, **settings: Any) -> AsyncIterator[Ingest]:
    """Open a second ingest on the same database and the same bus."""
    (port,) = free_ports(1)
    async with open_app(settings_for(dsn, port, **settings), broker=cast(Broker, first.published), redis=first.redis):
        yield Ingest(f"http://127.0.0.1:{port}", first.session, first.pool, first.redis, first.published)
