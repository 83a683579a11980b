"""What no single service owns is measured from any of them."""

from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest
from prometheus_client import REGISTRY

from orylo_common.ids import uuid7
from orylo_common.platform_watch import measure_connections, measure_outboxes, watch_platform
from orylo_common.postgres.errors import PostgresUnavailable
from orylo_common.postgres.pool import open_pool
from tests.support.eventually import eventually
from tests.support.memory_broker import MemoryBroker
from tests.unit.common.broker.test_consumer import status_set

pytestmark = pytest.mark.integration

LEAVE = """
    INSERT INTO detector.outbox (message_id, type, body, created_at)
    VALUES ($1, 'test.v1', '', now() - interval '90 seconds'), ($2, 'test.v1', '', now())
"""
# Only a superuser sees the connections of others.
COUNT_CLIENTS = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"


def metric(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


@pytest.fixture
async def pool(postgres_dsn: str) -> AsyncIterator[asyncpg.Pool]:
    """Yield a pool of a service that owns no other's tables."""
    async with open_pool(postgres_dsn, role="orylo_trust", max_size=2) as pool:
        yield pool


async def test_the_outbox_of_a_service_that_is_down_is_measured(pool: asyncpg.Pool, postgres_dsn: str) -> None:
    async with open_pool(postgres_dsn, role="postgres", max_size=1) as owner:
        await owner.execute("DELETE FROM detector.outbox")
        await owner.execute(LEAVE, uuid7(), uuid7())
        await measure_outboxes(pool)
        assert metric("orylo_outbox_rows", schema="detector") == 2
        assert 89 < metric("orylo_outbox_oldest_seconds", schema="detector") < 120

        await owner.execute("DELETE FROM detector.outbox")
        await measure_outboxes(pool)
        assert metric("orylo_outbox_rows", schema="detector") == 0
        assert metric("orylo_outbox_oldest_seconds", schema="detector") == 0


async def test_connections_of_all_clients_count(pool: asyncpg.Pool, postgres_dsn: str) -> None:
    async with open_pool(postgres_dsn, role="postgres", max_size=1) as other:

        async def all_are_counted() -> bool:
            await measure_connections(pool)
            used: int = await other.fetchval(COUNT_CLIENTS)
            return metric("orylo_postgres_connections") == used

        # Connections of an earlier test may still be closing.
        await eventually(all_are_counted)
        assert metric("orylo_postgres_connections") >= 2
    assert metric("orylo_postgres_connections_limit") > 2


async def test_a_queue_is_measured_without_its_consumer(pool: asyncpg.Pool) -> None:
    broker = MemoryBroker()
    await broker.send(status_set())

    async with watch_platform(pool, broker, every=timedelta(milliseconds=5)):
        await eventually(lambda: metric("orylo_messages_waiting", queue="trust") == 1)


async def test_connections_that_fail_are_counted() -> None:
    before = metric("orylo_postgres_connection_failures_total")

    with pytest.raises(PostgresUnavailable):
        async with open_pool("postgresql://127.0.0.1:1/none", role="postgres"):
            pass

    assert metric("orylo_postgres_connection_failures_total") > before
