import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import structlog

from orylo_common.broker.ports import Outgoing, PublishNotConfirmed
from orylo_common.broker.postgres.broker import PostgresBroker
from orylo_common.ids import uuid7
from orylo_common.postgres.outbox import OutboxRelay
from orylo_common.postgres.outbox_rows import OutboxRow
from orylo_common.postgres.pool import open_pool
from tests.support.eventually import eventually

pytestmark = pytest.mark.integration

INSERT = "INSERT INTO public.outbox (message_id, type, body) VALUES ($1, $2, $3)"
INSERT_ROW = "INSERT INTO public.outbox (message_id, type, bodies, message_ids) VALUES ($1, $2, $3, $4)"


class Published:
    """A broker that accepts everything, or nothing while it is `away`."""

    def __init__(self) -> None:
        self.messages: list[Outgoing] = []
        self.away = False

    def hand_over(self, message: Outgoing, settled: Callable[[UUID, bool], None]) -> bool:
        return False

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        if self.away:
            raise PublishNotConfirmed("away")
        self.messages.extend(messages)


class HandingOver(Published):
    """A broker whose consumers in this process take every message, and settle it when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[UUID, Callable[[UUID, bool], None]] = {}

    def hand_over(self, message: Outgoing, settled: Callable[[UUID, bool], None]) -> bool:
        self.held[message.message_id] = settled
        return True

    def settle(self, message: Outgoing, *, done: bool) -> None:
        self.held.pop(message.message_id)(message.message_id, done)


@pytest.fixture
async def pool(postgres_dsn: str) -> AsyncIterator[asyncpg.Pool]:
    async with open_pool(postgres_dsn, role="postgres") as pool:
        await pool.execute("""
            CREATE TABLE IF NOT EXISTS public.outbox (
                message_id uuid PRIMARY KEY, type text NOT NULL, body bytea, bodies bytea, message_ids uuid[],
                created_at timestamptz NOT NULL DEFAULT now()
            )""")
        await pool.execute("TRUNCATE public.outbox")
        yield pool


async def committed(pool: asyncpg.Pool) -> Outgoing:
    message = Outgoing(uuid7(), "payment.created.v1", b"{}")
    await pool.execute(INSERT, message.message_id, message.type, message.body)
    return message


async def committed_together(pool: asyncpg.Pool, count: int, *, written: int | None = None) -> list[Outgoing]:
    """Write one row of `count` messages. Return those that were written: the first ones."""
    messages = [Outgoing(uuid7(), "payment.created.v1", b'{"number":%d}' % number) for number in range(count)]
    row = OutboxRow(messages)
    chosen = messages[:written]
    await pool.execute(INSERT_ROW, *row.columns(), None if written is None else [each.message_id for each in chosen])
    row.written(chosen)
    return chosen


async def rows(pool: asyncpg.Pool) -> int:
    count: int = await pool.fetchval("SELECT count(*) FROM public.outbox")
    return count


async def is_empty(pool: asyncpg.Pool) -> bool:
    return await rows(pool) == 0


async def test_an_offered_message_is_published_and_its_row_removed(pool: asyncpg.Pool) -> None:
    broker: Any = Published()
    message = await committed(pool)

    async with OutboxRelay(pool, "public", broker) as relay:
        relay.offer([message])

    assert broker.messages == [message]
    assert await rows(pool) == 0


async def test_a_message_that_could_not_be_published_stays_and_is_swept(pool: asyncpg.Pool) -> None:
    broker: Any = Published()
    broker.away = True
    message = await committed(pool)
    async with OutboxRelay(pool, "public", broker) as relay:
        relay.offer([message])
    assert await rows(pool) == 1

    broker.away = False
    assert await relay.sweep(older_than=timedelta(0)) == 1

    assert broker.messages == [message]
    assert await rows(pool) == 0


async def test_a_crash_between_commit_and_offer_loses_nothing(pool: asyncpg.Pool) -> None:
    broker: Any = Published()
    message = await committed(pool)
    await pool.execute("UPDATE public.outbox SET created_at = now() - interval '1 minute'")

    async with OutboxRelay(pool, "public", broker):
        await eventually(lambda: broker.messages == [message])
        await eventually(lambda: is_empty(pool))


async def test_an_unexpected_error_stops_neither_publisher_nor_sweeper(postgres_dsn: str, pool: asyncpg.Pool) -> None:
    """A missing grant is not a transient error. Once it is restored, all messages are published without a restart."""
    broker = await PostgresBroker.open(postgres_dsn)
    try:
        async with OutboxRelay(pool, "public", broker) as relay:
            with structlog.testing.capture_logs() as logged:
                await pool.execute("REVOKE INSERT ON bus.messages FROM orylo_bus")
                for _ in range(3):
                    relay.offer([await committed(pool)])
                await pool.execute("UPDATE public.outbox SET created_at = now() - interval '1 minute'")
                await eventually(lambda: {"public.outbox.publish", "public.outbox.sweep"} <= failed_loops(logged))
            assert await rows(pool) == 3

            await pool.execute("GRANT INSERT ON bus.messages TO orylo_bus")
            await eventually(lambda: is_empty(pool))
            relay.offer([await committed(pool)])
            await eventually(lambda: is_empty(pool))
            assert await pool.fetchval("SELECT count(*) FROM bus.messages") >= 4
    finally:
        await pool.execute("GRANT INSERT ON bus.messages TO orylo_bus")
        await broker.close()
        await pool.execute("TRUNCATE bus.messages, bus.deliveries")


def failed_loops(logged: Sequence[Mapping[str, Any]]) -> set[str]:
    return {line["loop"] for line in logged if line["event"] == "loop.failed"}


async def test_two_sweepers_publish_different_rows(pool: asyncpg.Pool) -> None:
    for _ in range(3):
        await committed(pool)
    first, second = OutboxRelay(pool, "public", broker := Published()), OutboxRelay(pool, "public", broker)  # type: ignore[arg-type]

    async with pool.acquire() as connection, connection.transaction():
        await connection.fetch("SELECT * FROM public.outbox LIMIT 1 FOR UPDATE")
        assert await first.sweep(older_than=timedelta(0)) == 2
    assert await second.sweep(older_than=timedelta(0)) == 1
    assert len({message.message_id for message in broker.messages}) == 3


async def test_a_message_that_was_handed_over_keeps_its_row_until_it_is_settled(pool: asyncpg.Pool) -> None:
    broker: Any = HandingOver()
    settled, open_ = await committed(pool), await committed(pool)
    async with OutboxRelay(pool, "public", broker) as relay:
        relay.offer([settled, open_])
        assert await relay.sweep(older_than=timedelta(0)) == 0
        broker.settle(settled, done=True)

        async def only_the_open_one_is_left() -> bool:
            return [row[0] for row in await pool.fetch("SELECT message_id FROM public.outbox")] == [open_.message_id]

        await eventually(only_the_open_one_is_left)
        broker.settle(open_, done=True)
    assert await rows(pool) == 0
    assert not broker.messages


async def test_a_message_that_its_consumers_could_not_keep_is_swept(pool: asyncpg.Pool) -> None:
    broker: Any = HandingOver()
    message = await committed(pool)
    async with OutboxRelay(pool, "public", broker) as relay:
        relay.offer([message])
        broker.settle(message, done=False)
        await pool.execute("UPDATE public.outbox SET created_at = now() - interval '1 minute'")
        await eventually(lambda: broker.messages == [message])
        await eventually(lambda: is_empty(pool))


async def test_the_relay_waits_on_exit_for_the_messages_that_it_handed_over(pool: asyncpg.Pool) -> None:
    broker: Any = HandingOver()
    message = await committed(pool)
    async with OutboxRelay(pool, "public", broker) as relay:
        relay.offer([message])
        asyncio.get_running_loop().call_later(0.2, lambda: broker.settle(message, done=True))
    assert await rows(pool) == 0


async def test_a_row_of_several_messages_is_removed_after_the_last_was_published(pool: asyncpg.Pool) -> None:
    broker: Any = Published()
    messages = await committed_together(pool, 3)

    async with OutboxRelay(pool, "public", broker) as relay:
        for message in messages:
            relay.offer([message])

    assert broker.messages == messages
    assert await rows(pool) == 0


async def test_a_row_of_several_messages_stays_until_all_are_settled(pool: asyncpg.Pool) -> None:
    broker: Any = HandingOver()
    messages = await committed_together(pool, 3)
    async with OutboxRelay(pool, "public", broker) as relay:
        for message in messages:
            relay.offer([message])
        broker.settle(messages[0], done=True)
        broker.settle(messages[2], done=True)
        # Rows are deleted together: once this one is gone, the other had its chance.
        other = await committed(pool)
        relay.offer([other])
        broker.settle(other, done=True)

        async def other_is_deleted() -> bool:
            return not await pool.fetchval("SELECT count(*) FROM public.outbox WHERE message_id = $1", other.message_id)

        await eventually(other_is_deleted)
        assert await rows(pool) == 1
        assert await relay.sweep(older_than=timedelta(0)) == 0
        broker.settle(messages[1], done=True)
    assert await rows(pool) == 0
    assert not broker.messages


async def test_after_a_crash_all_messages_of_a_row_are_published(pool: asyncpg.Pool) -> None:
    broker: Any = Published()
    messages = await committed_together(pool, 700)

    assert await OutboxRelay(pool, "public", broker).sweep(older_than=timedelta(0)) == 1

    assert broker.messages == messages
    assert await rows(pool) == 0


async def test_messages_that_were_not_written_are_not_published(pool: asyncpg.Pool) -> None:
    broker: Any = Published()
    messages = await committed_together(pool, 3, written=2)

    assert await OutboxRelay(pool, "public", broker).sweep(older_than=timedelta(0)) == 1

    assert broker.messages == messages


async def test_a_row_of_which_a_message_was_never_offered_is_swept(pool: asyncpg.Pool) -> None:
    broker: Any = HandingOver()
    messages = await committed_together(pool, 2)
    relay = OutboxRelay(pool, "public", broker)

    relay.offer(messages[:1])
    broker.settle(messages[0], done=True)

    assert await relay.sweep(older_than=timedelta(0)) == 1
    assert broker.messages == messages


async def test_a_row_of_which_a_consumer_lost_a_message_is_swept(pool: asyncpg.Pool) -> None:
    broker: Any = HandingOver()
    messages = await committed_together(pool, 2)
    relay = OutboxRelay(pool, "public", broker)

    relay.offer(messages)
    assert await relay.sweep(older_than=timedelta(0)) == 0
    broker.settle(messages[0], done=False)

    assert await relay.sweep(older_than=timedelta(0)) == 1
    assert broker.messages == messages


async def test_a_row_is_swept_of_which_a_message_was_lost_before_the_last_was_offered(pool: asyncpg.Pool) -> None:
    broker: Any = HandingOver()
    first, second = await committed_together(pool, 2)
    async with OutboxRelay(pool, "public", broker) as relay:
        relay.offer([first])
        broker.settle(first, done=False)
        relay.offer([second])
        broker.settle(second, done=True)

        assert await relay.sweep(older_than=timedelta(0)) == 1
    assert {message.message_id for message in broker.messages} == {first.message_id, second.message_id}


async def test_a_row_that_could_not_be_published_is_swept_once_the_broker_is_back(pool: asyncpg.Pool) -> None:
    broker: Any = Published()
    broker.away = True
    messages = await committed_together(pool, 2)
    async with OutboxRelay(pool, "public", broker) as relay:
        relay.offer(messages)
    assert await rows(pool) == 1

    broker.away = False
    assert await relay.sweep(older_than=timedelta(0)) == 1
    assert broker.messages == messages
