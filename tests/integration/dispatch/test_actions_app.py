"""The whole service: a decision from the bus, a refund at Stripe, the result back to the bus."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest
from fakeredis import FakeAsyncRedis

from orylo_cli.demo.fake_stripe import FakeStripe
from orylo_common.broker.connect import open_broker
from orylo_common.broker.ports import Outgoing
from orylo_common.messages import Message, ProviderActionChanged, ProviderActionStatus, decode, encode
from orylo_common.settings import load
from orylo_dispatch.app import open_app
from orylo_dispatch.settings import Settings
from tests.integration.dispatch.acting import KEY, decision, open_merchant
from tests.integration.dispatch.running import KEYS
from tests.support.fake_stripe import fake_stripe

__all__ = ["fake_stripe"]

pytestmark = pytest.mark.integration


async def test_a_block_on_the_bus_becomes_a_refund_at_stripe_and_a_result_on_the_bus(
    postgres_dsn: str, admin: asyncpg.Pool, fake_stripe: FakeStripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORYLO_DATABASE_URL", postgres_dsn)
    monkeypatch.setenv("ORYLO_REDIS_URL", "redis://unused")
    monkeypatch.setenv("ORYLO_BROKER_URL", "postgres")
    monkeypatch.setenv("ORYLO_MASTER_KEY", KEYS)
    monkeypatch.setenv("ORYLO_STRIPE_BASE_URL", fake_stripe.base_url)
    tenant = await open_merchant(admin)
    paid = fake_stripe.account(KEY).add("pi_1")
    blocked = decision(tenant)
    async with (
        FakeAsyncRedis() as redis,
        open_broker("postgres", postgres_dsn) as broker,
        open_app(load(Settings), broker=broker, redis=redis),
    ):
        api = await broker.subscribe("api", prefetch=100)
        for _ in range(3):
            await broker.publish([Outgoing(blocked.message_id, blocked.type, encode(blocked))])
        received: list[Message] = []
        async with asyncio.timeout(45):
            while not any(_is_done(message) for message in received):
                received += [decode(each.body) for each in await api.receive(10, timedelta(seconds=1))]
        await api.close()

    assert len(paid.refunds) == len(fake_stripe.requests) == 1


def _is_done(message: Message) -> bool:
    return isinstance(message, ProviderActionChanged) and message.status is ProviderActionStatus.DONE
