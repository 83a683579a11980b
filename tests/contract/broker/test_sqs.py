"""SQS's visibility timeout, texts and batches."""

import time
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio

from orylo_common.broker.connect import open_broker
from orylo_common.broker.ports import BrokerUnavailable, Outgoing, PublishNotConfirmed
from orylo_common.broker.sqs.broker import SqsBroker
from orylo_common.broker.sqs.messages import batches, entry
from orylo_common.ids import uuid7

pytestmark = pytest.mark.integration

SOON = timedelta(seconds=45)


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


@pytest.fixture
def url(sqs_url: str) -> str:
    return f"sqs://?region=us-east-1&endpoint={sqs_url}&prefix=t{uuid7().hex}"


@pytest_asyncio.fixture
async def broker(url: str) -> AsyncIterator[SqsBroker]:
    async with open_broker(f"{url}&visibility=2", "postgresql:///unused") as broker:
        assert isinstance(broker, SqsBroker)
        yield broker


async def test_an_unsettled_message_is_redelivered_after_the_visibility_timeout(broker: SqsBroker) -> None:
    subscription = await broker.subscribe("trust", prefetch=10)
    await broker.redrive("trust", [Outgoing(uuid7(), "any", b"{}")])
    started = time.monotonic()
    (first,) = await subscription.receive(1, SOON)
    (second,) = await subscription.receive(1, SOON)
    assert (first.delivery_count, second.delivery_count) == (1, 2)
    assert 1.5 < time.monotonic() - started < SOON.total_seconds()


@pytest.mark.parametrize("body", [b"", b"\xff\x00\xfe", b"\x00", "\ufffe".encode(), b'{"a":"\t"}'])
async def test_bytes_that_are_not_text_arrive_unchanged(broker: SqsBroker, body: bytes) -> None:
    await broker.redrive("trust", [Outgoing(uuid7(), "any", body)])
    await broker.publish([Outgoing(uuid7(), "customer.status_set.v1", body)])
    subscription = await broker.subscribe("trust", prefetch=10)
    deliveries = list(await subscription.receive(2, SOON))
    if len(deliveries) < 2:
        deliveries += await subscription.receive(1, SOON)
    assert [delivery.body for delivery in deliveries] == [body, body]
    await subscription.ack(deliveries)


async def test_subscribing_to_a_missing_queue_is_unavailable(broker: SqsBroker) -> None:
    with pytest.raises(BrokerUnavailable, match="NonExistentQueue"):
        await broker.subscribe("no-such-queue", prefetch=10)


async def test_no_message_is_confirmed_without_an_answer() -> None:
    broker = await SqsBroker.open("sqs://?region=us-east-1&endpoint=http://127.0.0.1:1")
    with pytest.raises(PublishNotConfirmed):
        await broker.publish([Outgoing(uuid7(), "customer.status_set.v1", b"{}")])
    await broker.close()


async def test_a_url_with_an_unknown_parameter_is_invalid() -> None:
    with pytest.raises(ValueError, match="regoin"):
        await SqsBroker.open("sqs://?regoin=eu-west-1")


def test_batches_have_at_most_ten_messages_and_the_bytes_that_aws_accepts() -> None:
    small = [entry("Message", b"{}", {})] * 25
    assert [len(batch) for batch in batches(small)] == [10, 10, 5]
    large = [entry("Message", b"x" * 100_000, {})] * 5
    assert [len(batch) for batch in batches(large)] == [2, 2, 1]
    assert [one["Id"] for one in next(batches(small))] == [str(n) for n in range(10)]
