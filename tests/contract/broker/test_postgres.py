"""PostgreSQL's bus: leases that end with their holder, bodies shared by queues, and the sweep of bodies."""

import asyncio
import sys
from datetime import timedelta

import asyncpg
import pytest

from orylo_common.broker.ports import Outgoing, PublishNotConfirmed
from orylo_common.broker.postgres.broker import PostgresBroker, sweep
from orylo_common.broker.postgres.subscription import FLOOR_MARGIN, PostgresSubscription
from orylo_common.ids import uuid7
from orylo_common.postgres.errors import PostgresUnavailable
from tests.support.eventually import eventually

pytestmark = pytest.mark.integration

SUCCEEDED = "payment.succeeded.v1"
# Only a failing test waits this long.
SOON = timedelta(seconds=45)

CUT_WAITING = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'orylo_bus' AND wait_event_type = 'Lock'
"""

INSERT_LATE = """
    WITH added AS (INSERT INTO bus.messages (type, body) VALUES ('any', 'early') RETURNING message_no)
    INSERT INTO bus.deliveries (queue, message_no) SELECT 'trust', message_no FROM added
"""

# The rows that the current transaction has read so far.
ROWS_READ = """
    SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relid = 'bus.deliveries'::regclass
"""

# A program that receives one message, prints 1, and never settles the message.
VICTIM = """
import asyncio, sys
from datetime import timedelta
from orylo_common.broker.postgres.broker import PostgresBroker

async def main():
    broker = await PostgresBroker.open(sys.argv[1])
    subscription = await broker.subscribe("trust", prefetch=10)
    print(len(await subscription.receive(10, timedelta(minutes=10))), flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def outgoing(message_type: str = SUCCEEDED) -> list[Outgoing]:
    return [Outgoing(uuid7(), message_type, b"{}")]


async def bodies(admin: asyncpg.Connection) -> int:
    await sweep(admin)
    return int(await admin.fetchval("SELECT count(*) FROM bus.messages"))


async def is_swept(admin: asyncpg.Connection) -> bool:
    return not await admin.fetchval("SELECT count(*) FROM bus.messages")


async def test_messages_of_a_killed_process_are_redelivered_within_seconds(
    broker: PostgresBroker, postgres_dsn: str
) -> None:
    victim = await asyncio.create_subprocess_exec(
        sys.executable, "-c", VICTIM, postgres_dsn, stdout=asyncio.subprocess.PIPE
    )
    try:
        await broker.publish(outgoing())
        assert victim.stdout
        assert await victim.stdout.readline() == b"1\n"
        subscription = await broker.subscribe("trust", prefetch=10)
        assert not await subscription.receive(10, timedelta(seconds=1.5))
    finally:
        victim.kill()
        await victim.wait()
    # It takes a second: leases end with their holder, not by a time-out.
    (delivery,) = await subscription.receive(10, SOON)
    assert delivery.delivery_count == 2
    await subscription.ack([delivery])


async def test_a_body_is_kept_until_the_last_queue_has_settled_it(
    broker: PostgresBroker, admin: asyncpg.Connection
) -> None:
    await broker.publish(outgoing())
    assert await bodies(admin) == 1
    for queue, left in (("detector", 1), ("trust", 1), ("dispatch", 1), ("api", 0)):
        subscription = await broker.subscribe(queue, prefetch=10)
        await subscription.ack(await subscription.receive(1, SOON))
        assert await bodies(admin) == left


async def test_failed_messages_keep_their_own_body_and_delay_no_sweep(
    broker: PostgresBroker, admin: asyncpg.Connection
) -> None:
    subscription = await broker.subscribe("trust", prefetch=10)
    await broker.redrive("trust", [Outgoing(uuid7(), "any", b"late"), Outgoing(uuid7(), "any", b"dead")])
    for delivery in await subscription.receive(2, SOON):
        if delivery.body == b"late":
            await subscription.retry(delivery, timedelta(milliseconds=500))
        else:
            await subscription.dead_letter(delivery, "broken")
    assert await bodies(admin) == 0

    (again,) = await subscription.receive(1, SOON)
    dead_letters = await broker.subscribe("trust.dlq", prefetch=10)
    (dead,) = await dead_letters.receive(1, SOON)
    assert (again.body, dead.body) == (b"late", b"dead")


async def test_a_sweep_keeps_bodies_that_are_being_published(
    broker: PostgresBroker, admin: asyncpg.Connection, postgres_dsn: str
) -> None:
    publisher = await asyncpg.connect(postgres_dsn)
    transaction = publisher.transaction()
    await transaction.start()
    await publisher.execute(INSERT_LATE)
    await broker.redrive("trust", [Outgoing(uuid7(), "any", b"later")])
    subscription = await broker.subscribe("trust", prefetch=10)
    await subscription.ack(await subscription.receive(1, SOON))
    assert await bodies(admin) == 0
    await transaction.commit()
    await publisher.close()

    assert await bodies(admin) == 1
    (delivery,) = await subscription.receive(1, SOON)
    assert delivery.body == b"early"


async def test_the_broker_sweeps_what_it_published(broker: PostgresBroker, admin: asyncpg.Connection) -> None:
    subscription = await broker.subscribe("trust", prefetch=10)
    await broker.redrive("trust", outgoing())
    await subscription.ack(await subscription.receive(1, SOON))
    await eventually(lambda: is_swept(admin))


async def test_the_broker_sweeps_what_an_earlier_process_left(admin: asyncpg.Connection, postgres_dsn: str) -> None:
    await admin.execute("INSERT INTO bus.messages (type, body) VALUES ('any', 'unused')")
    broker = await PostgresBroker.open(postgres_dsn)
    try:
        await eventually(lambda: is_swept(admin))
    finally:
        await broker.close()


async def test_a_message_published_during_a_sweep_is_swept_later(
    broker: PostgresBroker, admin: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    await eventually(lambda: not broker._unswept)

    async def nothing_was_left(pool: asyncpg.Pool, query: str) -> bool:
        broker._unswept = True  # as `publish` does, after the query has read the table
        return False

    broker._unswept = True
    monkeypatch.setattr(asyncpg.Pool, "fetchval", nothing_was_left)
    await broker._sweep()
    assert broker._unswept


async def test_the_bus_uses_its_own_role(broker: PostgresBroker) -> None:
    subscription = await broker.subscribe("trust", prefetch=10)
    assert isinstance(subscription, PostgresSubscription)
    assert await subscription._connection.fetchval("SELECT current_user") == "orylo_bus"
    assert await broker._pool.fetchval("SELECT current_user") == "orylo_bus"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await broker._pool.fetchval("SELECT count(*) FROM control.users")


async def test_closing_removes_the_row_of_the_subscription(broker: PostgresBroker, admin: asyncpg.Connection) -> None:
    subscription = await broker.subscribe("trust", prefetch=10)
    owners = "SELECT count(*) FROM bus.subscriptions WHERE owner = $1"
    assert await admin.fetchval(owners, subscription._owner) == 1
    await subscription.close()
    assert await admin.fetchval(owners, subscription._owner) == 0


async def test_leasing_and_settling_use_the_indexes_of_a_long_queue(
    broker: PostgresBroker, admin: asyncpg.Connection
) -> None:
    await admin.execute("INSERT INTO bus.messages (type, body) SELECT 'any', '{}' FROM generate_series(1, 100000)")
    await admin.execute("INSERT INTO bus.deliveries (queue, message_no) SELECT 'trust', message_no FROM bus.messages")
    subscription = await broker.subscribe("trust", prefetch=200)
    assert isinstance(subscription, PostgresSubscription)
    async with subscription._connection.transaction():
        for _ in range(10):
            await subscription.ack(await subscription.receive(100, SOON))
        read = await subscription._connection.fetchval(ROWS_READ)
    # Each of the ten reads a hundred rows, and those before them that this transaction has deleted. A sequential scan
    # would read the whole queue each time.
    assert 1_000 <= read < 20_000


async def test_no_message_is_confirmed_without_the_database(broker: PostgresBroker, admin: asyncpg.Connection) -> None:
    with pytest.raises(PostgresUnavailable):
        await PostgresBroker.open("postgresql://nobody@127.0.0.1:1/none")
    lock = admin.transaction()
    await lock.start()
    await admin.execute("LOCK TABLE bus.messages")
    publishing = asyncio.create_task(broker.publish(outgoing()))

    async def cut() -> bool:
        await admin.execute("SELECT pg_stat_clear_snapshot()")
        await admin.execute(CUT_WAITING)
        return publishing.done()

    await eventually(cut)
    with pytest.raises(PublishNotConfirmed):
        await publishing
    await lock.rollback()
    await broker.publish(outgoing())


async def test_a_message_committed_late_is_found_behind_later_ones(
    broker: PostgresBroker, admin: asyncpg.Connection, postgres_dsn: str
) -> None:
    publisher = await asyncpg.connect(postgres_dsn)
    transaction = publisher.transaction()
    await transaction.start()
    await publisher.execute(INSERT_LATE)
    subscription = await broker.subscribe("trust", prefetch=1000)
    assert isinstance(subscription, PostgresSubscription)
    for _ in range(FLOOR_MARGIN // 1000 + 2):
        await broker.redrive("trust", [Outgoing(uuid7(), "any", b"{}")] * 1000)
        await subscription.ack(await subscription.receive(1000, SOON))
    late_no = await publisher.fetchval("SELECT min(message_no) FROM bus.deliveries WHERE queue = 'trust'")

    async def passed() -> bool:
        await subscription.receive(1, timedelta(milliseconds=100))
        return subscription._floor > int(late_no)

    await eventually(passed)
    await transaction.commit()
    await publisher.close()

    (delivery,) = await subscription.receive(1, SOON)
    assert delivery.body == b"early"
