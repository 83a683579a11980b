"""Messages that PostgreSQL's bus hands to subscriptions of the same process without a row."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from orylo_common.broker.connect import open_broker
from orylo_common.broker.ports import BrokerUnavailable, Delivery, Outgoing, QueueSubscription
from orylo_common.broker.postgres import subscription as postgres_subscription
from orylo_common.broker.postgres.broker import PostgresBroker
from orylo_common.broker.topology import dead_letter_queue, queues_for
from orylo_common.ids import uuid7
from tests.support.eventually import eventually

pytestmark = pytest.mark.integration

SUCCEEDED = "payment.succeeded.v1"
REJECTED = "webhook.rejected.v1"
SOON = timedelta(seconds=45)
ROWS = "SELECT (SELECT count(*) FROM bus.messages) + (SELECT count(*) FROM bus.deliveries)"


class Outbox:
    """A sender's copies: no queue needs those in `done` any more, and those in `lost` must be published."""

    def __init__(self, broker: PostgresBroker) -> None:
        self.broker = broker
        self.done: set[UUID] = set()
        self.lost: set[UUID] = set()

    def hand_over(self, type_: str = REJECTED, body: bytes = b"{}") -> UUID | None:
        """Return the message's id, or None if it must be published."""
        message = Outgoing(uuid7(), type_, body)
        taken = self.broker.hand_over(message, lambda id_, done: (self.done if done else self.lost).add(id_))
        return message.message_id if taken else None


async def received(subscription: QueueSubscription, count: int = 1) -> list[Delivery]:
    found: list[Delivery] = []
    while len(found) < count:
        batch: Sequence[Delivery] = await subscription.receive(count - len(found), SOON)
        assert batch, f"{len(found)} of {count} arrived"
        found += batch
    return found


async def test_a_message_is_settled_once_every_queue_has_acknowledged_it(
    broker: PostgresBroker, admin: asyncpg.Connection
) -> None:
    subscriptions = [await broker.subscribe(queue, prefetch=10) for queue in queues_for(SUCCEEDED)]
    assert len(subscriptions) > 2
    outbox = Outbox(broker)
    message_id = outbox.hand_over(SUCCEEDED, b"sale")
    for subscription in subscriptions:
        assert not outbox.done
        (delivery,) = await received(subscription)
        assert (delivery.body, delivery.delivery_count, delivery.dead_letter) == (b"sale", 1, None)
        await subscription.ack([delivery])
    assert outbox.done == {message_id}
    assert not outbox.lost
    assert await admin.fetchval(ROWS) == 0


async def test_a_message_that_a_queue_of_another_process_needs_must_be_published(
    broker: PostgresBroker, postgres_dsn: str
) -> None:
    outbox = Outbox(broker)
    async with open_broker("postgres", postgres_dsn) as other:
        await other.subscribe("api", prefetch=10)
        assert outbox.hand_over(REJECTED) is None
    for queue in queues_for(SUCCEEDED)[1:]:
        await broker.subscribe(queue, prefetch=10)
    assert outbox.hand_over(SUCCEEDED) is None
    assert outbox.hand_over("nobody.needs.v1") is None


async def test_a_full_or_stopped_subscription_accepts_no_message(
    broker: PostgresBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_subscription, "MAX_DIRECT", 3)
    subscription = await broker.subscribe("api", prefetch=10)
    outbox = Outbox(broker)
    assert [outbox.hand_over() is not None for _ in range(5)] == [True, True, True, False, False]
    await subscription.ack(await received(subscription, 3))
    assert outbox.hand_over()
    await subscription.stop()
    assert outbox.hand_over() is None


async def test_no_more_than_the_prefetch_count_are_unsettled(broker: PostgresBroker) -> None:
    subscription = await broker.subscribe("api", prefetch=3)
    outbox = Outbox(broker)
    for _ in range(5):
        assert outbox.hand_over()
    first = await received(subscription, 3)
    assert not await subscription.receive(10, timedelta(milliseconds=50))
    await subscription.ack(first[:1])
    assert len(await subscription.receive(10, SOON)) == 1


async def test_a_retry_gets_a_row_and_counts(broker: PostgresBroker, admin: asyncpg.Connection) -> None:
    subscription = await broker.subscribe("api", prefetch=10)
    outbox = Outbox(broker)
    message_id = outbox.hand_over(body=b"again")
    (delivery,) = await received(subscription)
    await subscription.retry(delivery, timedelta(milliseconds=200))
    assert outbox.done == {message_id}
    (again,) = await received(subscription)
    assert (again.body, again.delivery_count) == (b"again", 2)
    await subscription.ack([again])
    assert await admin.fetchval("SELECT count(*) FROM bus.deliveries") == 0


async def test_a_rejected_message_becomes_a_dead_letter(broker: PostgresBroker) -> None:
    subscription = await broker.subscribe("api", prefetch=10)
    outbox = Outbox(broker)
    message_id = outbox.hand_over(body=b"bad")
    (delivery,) = await received(subscription)
    await subscription.dead_letter(delivery, "no such tenant")
    assert outbox.done == {message_id}
    (letter,) = await received(await broker.subscribe(dead_letter_queue("api"), prefetch=10))
    assert letter.body == b"bad"
    assert letter.dead_letter
    assert (letter.dead_letter.queue, letter.dead_letter.reason, letter.dead_letter.attempts) == (
        "api",
        "no such tenant",
        1,
    )


async def test_a_released_message_is_redelivered_and_not_counted(broker: PostgresBroker) -> None:
    subscription = await broker.subscribe("api", prefetch=10)
    outbox = Outbox(broker)
    for body in (b"a", b"b", b"c"):
        assert outbox.hand_over(body=body)
    await subscription.release(await received(subscription, 3))
    again = await received(subscription, 3)
    assert [(delivery.body, delivery.delivery_count) for delivery in again] == [(b"a", 1), (b"b", 1), (b"c", 1)]
    assert not outbox.done


async def test_closing_returns_all_unsettled_messages_to_the_queue(broker: PostgresBroker, postgres_dsn: str) -> None:
    subscription = await broker.subscribe("api", prefetch=2)
    outbox = Outbox(broker)
    handed = {outbox.hand_over(body=body) for body in (b"a", b"b", b"c", b"d")}
    await received(subscription, 2)
    await subscription.close()
    assert outbox.done == handed
    async with open_broker("postgres", postgres_dsn) as other:
        bodies = [delivery.body for delivery in await received(await other.subscribe("api", prefetch=10), 4)]
    assert sorted(bodies) == [b"a", b"b", b"c", b"d"]


async def test_a_lost_connection_leaves_all_unsettled_messages_to_the_outbox(
    broker: PostgresBroker, admin: asyncpg.Connection
) -> None:
    subscription = await broker.subscribe("api", prefetch=2)
    outbox = Outbox(broker)
    handed = {outbox.hand_over(body=body) for body in (b"a", b"b", b"c")}
    await received(subscription, 2)
    await admin.execute("SELECT pg_terminate_backend($1)", subscription._connection.get_server_pid())
    with pytest.raises(BrokerUnavailable):
        await received(subscription)
    assert outbox.hand_over() is None
    await subscription.close()
    assert (outbox.lost, outbox.done) == (handed, set())


async def test_waiting_rows_and_direct_messages_share_the_prefetch_count(broker: PostgresBroker) -> None:
    subscription = await broker.subscribe("api", prefetch=10)
    outbox = Outbox(broker)
    for number in range(20):
        assert outbox.hand_over(body=b"direct %d" % number)
    await broker.publish([Outgoing(uuid7(), REJECTED, b"row %d" % number) for number in range(20)])
    kinds = [delivery.body.split()[0] for delivery in await subscription.receive(10, SOON)]
    assert (kinds.count(b"direct"), kinds.count(b"row")) == (5, 5)


async def test_direct_messages_count_as_waiting_until_they_are_received(broker: PostgresBroker) -> None:
    subscription = await broker.subscribe("api", prefetch=1)
    outbox = Outbox(broker)
    for _ in range(3):
        assert outbox.hand_over()
    await broker.publish([Outgoing(uuid7(), REJECTED, b"row")])
    assert await broker.depths(["api"]) == {"api": 4}
    await subscription.receive(1, SOON)
    await eventually(lambda: subscription.waiting() <= 3)
    assert await broker.depths(["api"]) == {"api": 3}


async def test_a_direct_message_wakes_a_waiting_receiver(broker: PostgresBroker) -> None:
    subscription = await broker.subscribe("api", prefetch=10)
    receiving = asyncio.create_task(subscription.receive(10, SOON))
    await asyncio.sleep(0.1)
    assert Outbox(broker).hand_over(body=b"now")
    assert [delivery.body for delivery in await receiving] == [b"now"]
