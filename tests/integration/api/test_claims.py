"""Messages that share a row of api.claims still count once each, in any batches, from any number of replicas."""

import asyncio
import random
from collections.abc import AsyncIterator

import asyncpg
import pytest

from orylo_api.projection.batch import write_batch
from orylo_api.read_models.claims import Projectable
from orylo_common.ids import uuid7
from orylo_common.messages import PaymentCreated, PaymentSucceeded
from orylo_common.postgres.pool import open_pool
from tests.integration.api.test_projections import empty_tables, write
from tests.unit.api.builders import OTHER_TENANT, TENANT, detection, payment, trust_updated

pytestmark = pytest.mark.integration

ROUNDS = 8


@pytest.fixture
async def pool(postgres_dsn: str) -> AsyncIterator[asyncpg.Pool]:
    await empty_tables(postgres_dsn)
    async with open_pool(postgres_dsn, role="orylo_api_projector") as pool:
        yield pool


def messages_of_webhooks() -> list[Projectable]:
    """Four messages follow from each of six webhooks; two tenants use the same correlation ids."""
    return [
        message
        for number, correlation_id in enumerate(uuid7() for _ in range(6))
        for tenant_id in (TENANT, OTHER_TENANT)
        for ids in [{"tenant_id": tenant_id, "correlation_id": correlation_id}]
        for message in (
            payment(PaymentCreated, **ids, payment_id=f"stripe:pi_{number}"),
            payment(PaymentSucceeded, **ids, payment_id=f"stripe:pi_{number}"),
            detection(**ids, payment_id=f"stripe:pi_{number}"),
            trust_updated(**ids, version=number + 1),
        )
    ]


@pytest.mark.parametrize("seed", range(ROUNDS))
async def test_each_message_is_new_once(pool: asyncpg.Pool, seed: int) -> None:
    shuffler = random.Random(seed)
    messages = messages_of_webhooks()
    deliveries = messages * 3
    shuffler.shuffle(deliveries)
    new: list[Projectable] = []
    while deliveries:
        batch = deliveries[: shuffler.randint(1, 20)]
        del deliveries[: len(batch)]
        new += [message for message, is_new in zip(batch, await write(pool, batch), strict=True) if is_new]

    assert sorted(message.message_id for message in new) == sorted(message.message_id for message in messages)


async def test_two_replicas_count_a_message_once(pool: asyncpg.Pool) -> None:
    messages = messages_of_webhooks()
    batches = [messages[start::5] for start in range(5)]

    results = await asyncio.gather(*(write(pool, batch) for batch in [*batches, *reversed(batches)]))

    assert sum(sum(result) for result in results) == len(messages)


async def test_messages_of_one_webhook_share_a_row(pool: asyncpg.Pool) -> None:
    correlation_id = uuid7()
    messages = [trust_updated(correlation_id=correlation_id, version=version) for version in range(1, 6)]
    for message in messages:
        await write(pool, [message])

    [claims] = await pool.fetch("SELECT subject, claims FROM api.claims")

    assert claims["subject"] == correlation_id
    assert claims["claims"] == [message.message_id for message in messages]


async def test_a_batch_that_is_rolled_back_claims_nothing(pool: asyncpg.Pool) -> None:
    correlation_id = uuid7()
    first, second = (trust_updated(correlation_id=correlation_id, version=version) for version in (1, 2))
    await write(pool, [first])
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        assert await write_batch(connection, [second]) == [True]
        await transaction.rollback()

    assert await write(pool, [first, second]) == [False, True]


async def test_a_message_that_an_earlier_version_projected_is_not_new(pool: asyncpg.Pool, postgres_dsn: str) -> None:
    correlation_id = uuid7()
    projected, unseen = (trust_updated(correlation_id=correlation_id, version=version) for version in (1, 2))
    connection = await asyncpg.connect(postgres_dsn)
    await connection.execute(
        "INSERT INTO api.inbox (tenant_id, message_id) VALUES ($1, $2)", TENANT, projected.message_id
    )
    await connection.close()

    assert await write(pool, [projected, unseen]) == [False, True]
    assert await write(pool, [projected, unseen]) == [False, False]
