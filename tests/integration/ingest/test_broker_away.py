"""Ingest starts and accepts webhooks while the broker is away, and publishes them once it is back."""

import secrets
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from orylo_common.broker.rabbitmq.broker import RabbitMQBroker
from orylo_common.control import Keyring
from orylo_common.messages import decode
from orylo_common.postgres.outbox_rows import messages_of
from tests.load.sender import send
from tests.load.webhooks import stripe_requests
from tests.support.eventually import eventually
from tests.support.ingest_process import SECRET, environment_for, ingest_process, open_shop
from tests.support.tcp_proxy import tcp_proxy

pytestmark = pytest.mark.integration

WEBHOOKS = 20


async def test_ingest_starts_without_its_broker_and_loses_nothing(
    postgres_dsn: str, rabbitmq_url: str, redis_url: str, tmp_path: Path
) -> None:
    master_key = Keyring.generate()
    await open_shop(postgres_dsn, master_key, "shop")
    database, broker = await asyncpg.connect(postgres_dsn), RabbitMQBroker(rabbitmq_url)
    async with tcp_proxy(rabbitmq_url) as (proxy, url):
        proxy.cut()
        environment = environment_for(postgres_dsn, master_key=master_key, redis_url=redis_url, broker_url=url)
        with ingest_process(tmp_path / "ingest", environment) as ingest:
            host = f"127.0.0.1:{ingest.port}"
            webhooks = list(stripe_requests(secrets.token_hex(4), WEBHOOKS, tenant="shop", secret=SECRET, host=host))
            results = await send(webhooks, port=ingest.port, connections=4)
            assert set(results.status) == {202}
            waiting = await database.fetch("SELECT * FROM ingest.outbox")
            assert sum(len(messages_of(row)) for row in waiting) == WEBHOOKS

            await proxy.restore()
            await eventually(lambda: _is_empty(database))
            assert len(await _received(broker)) == WEBHOOKS
    await broker.close()
    await database.close()


async def _received(broker: RabbitMQBroker) -> set[UUID]:
    """Return the ids of the messages that wait for trust. The outbox may publish a message twice."""
    subscription = await broker.subscribe("trust", prefetch=3 * WEBHOOKS)
    ids = set()
    while deliveries := await subscription.receive(3 * WEBHOOKS, timedelta(seconds=2)):
        ids |= {decode(delivery.body).message_id for delivery in deliveries}
        await subscription.ack(deliveries)
    await subscription.close()
    return ids


async def _is_empty(database: asyncpg.Connection) -> bool:
    return bool(await database.fetchval("SELECT count(*) = 0 FROM ingest.outbox"))
