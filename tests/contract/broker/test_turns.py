"""Tenants take turns in a queue of PostgreSQL's bus: the backlog of one does not delay the messages of another."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from orylo_common.broker.ports import Delivery, Outgoing, QueueSubscription
from orylo_common.broker.postgres.broker import PostgresBroker
from orylo_common.broker.postgres.subscription import PostgresSubscription
from orylo_common.ids import uuid7
from orylo_common.messages import tenant_of

pytestmark = pytest.mark.integration

REJECTED = "webhook.rejected.v1"
LOUD, QUIET = UUID(int=1), UUID(int=2)
# Only a failing test waits this long.
SOON = timedelta(seconds=45)

ROWS_READ = """
    SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relid = 'bus.deliveries'::regclass
"""


def messages(tenant_id: UUID, count: int) -> list[Outgoing]:
    return [
        Outgoing(uuid7(), REJECTED, b'{"tenantid":"%s","n":%d}' % (str(tenant_id).encode(), n)) for n in range(count)
    ]


def tenants(deliveries: Sequence[Delivery]) -> Counter[UUID]:
    return Counter(tenant_of(delivery.body) for delivery in deliveries)


async def all_of(subscription: QueueSubscription, count: int, *, limit: int) -> list[Delivery]:
    found: list[Delivery] = []
    while len(found) < count:
        batch = await subscription.receive(limit, SOON)
        assert 0 < len(batch) <= limit
        await subscription.ack(batch)
        found += batch
    return found


async def test_rows_of_a_tenant_wait_for_no_backlog_of_another(broker: PostgresBroker) -> None:
    await broker.publish(messages(LOUD, 1000))
    await broker.publish(messages(QUIET, 2))
    subscription = await broker.subscribe("api", prefetch=100)

    assert tenants(await subscription.receive(10, SOON)) == {LOUD: 5, QUIET: 2}


async def test_direct_messages_of_a_tenant_wait_for_no_backlog_of_another(broker: PostgresBroker) -> None:
    subscription = await broker.subscribe("api", prefetch=100)
    for message in [*messages(LOUD, 1000), *messages(QUIET, 2)]:
        assert broker.hand_over(message, lambda *_: None)

    assert tenants(await subscription.receive(10, SOON)) == {LOUD: 8, QUIET: 2}


async def test_the_rows_of_a_tenant_keep_their_order(broker: PostgresBroker) -> None:
    loud, quiet = messages(LOUD, 50), messages(QUIET, 50)
    await broker.publish([*loud, *quiet])
    bodies = [delivery.body for delivery in await all_of(await broker.subscribe("api", prefetch=10), 100, limit=10)]

    for sent in (loud, quiet):
        own = [message.body for message in sent]
        # The deliveries of one lease are handled concurrently, in no order.
        batches = [sorted(own[at : at + 5]) for at in range(0, 50, 5)]
        received = [body for body in bodies if body in own]
        assert [sorted(received[at : at + 5]) for at in range(0, 50, 5)] == batches


async def test_unequal_backlogs_are_leased_without_a_pause(broker: PostgresBroker) -> None:
    await broker.publish([*messages(LOUD, 500), *messages(QUIET, 1)])
    subscription = await broker.subscribe("api", prefetch=100)

    # A lease that took less than the room must be followed by another one at once. The watch would come once a second.
    async with asyncio.timeout(10):
        assert tenants(await all_of(subscription, 501, limit=10)) == {LOUD: 500, QUIET: 1}


async def test_more_tenants_than_room_all_get_their_turn(broker: PostgresBroker) -> None:
    for number in range(1, 21):
        await broker.publish(messages(UUID(int=number), 3))
    subscription = await broker.subscribe("api", prefetch=100)

    found = tenants(await all_of(subscription, 60, limit=4))
    assert found == {UUID(int=number): 3 for number in range(1, 21)}


async def test_leasing_from_a_long_queue_of_two_tenants_reads_few_rows(
    broker: PostgresBroker, admin: asyncpg.Connection
) -> None:
    await admin.execute(
        "INSERT INTO bus.deliveries (queue, message_no, body, tenant_id) SELECT 'trust', no, '{}', "
        "CASE WHEN no % 10 = 0 THEN $1::uuid ELSE $2 END FROM generate_series(1, 100000) AS no",
        QUIET,
        LOUD,
    )
    subscription = await broker.subscribe("trust", prefetch=200)
    assert isinstance(subscription, PostgresSubscription)
    async with subscription._connection.transaction():
        for _ in range(10):
            await subscription.ack(await subscription.receive(100, SOON))
        read = await subscription._connection.fetchval(ROWS_READ)
    # Ten times a hundred rows, found, locked and settled, and those before them that this transaction has deleted.
    assert 1_000 <= read < 30_000
