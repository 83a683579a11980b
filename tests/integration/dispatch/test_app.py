"""The whole service: messages from the bus, conversions to Meta, results back to the bus."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest
from fakeredis import FakeAsyncRedis
from prometheus_client import REGISTRY

from orylo_cli.demo.fake_meta import FakeMeta
from orylo_common.broker.connect import open_broker
from orylo_common.broker.ports import Broker, Outgoing
from orylo_common.clock import SystemClock
from orylo_common.messages import (
    CheckoutStarted,
    ClickRecorded,
    ConversionDispatched,
    Message,
    PaymentRefunded,
    Tracking,
    Utm,
    decode,
    encode,
)
from orylo_common.settings import load
from orylo_dispatch.app import open_app
from orylo_dispatch.settings import Settings
from tests.integration.dispatch.conftest import DATASET
from tests.integration.dispatch.running import KEYS, Shop
from tests.support.eventually import eventually
from tests.support.memory_broker import MemoryBroker
from tests.support.tcp_proxy import tcp_proxy
from tests.unit.dispatch.cases import CLICK_ID, EMAIL, click_recorded, detection, payment

pytestmark = pytest.mark.integration


async def publish(broker: Broker, *messages: Message) -> None:
    await broker.publish([Outgoing(message.message_id, message.type, encode(message)) for message in messages])


async def test_a_payment_on_the_bus_becomes_a_conversion_at_meta_and_a_result_on_the_bus(
    postgres_dsn: str,
    admin: asyncpg.Pool,
    shop: Shop,
    fake_meta: FakeMeta,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ORYLO_DATABASE_URL", postgres_dsn)
    monkeypatch.setenv("ORYLO_REDIS_URL", "redis://unused")
    monkeypatch.setenv("ORYLO_BROKER_URL", "postgres")
    monkeypatch.setenv("ORYLO_MASTER_KEY", KEYS)
    monkeypatch.setenv("ORYLO_META_BASE_URL", fake_meta.base_url)
    now = SystemClock().now()
    paid = shop.payment(tracking=Tracking(fbp="fb.1.1778000000000.999"))
    clicked = click_recorded(
        tenant_id=shop.tenant_id,
        occurred_at=now - timedelta(days=2),
        tracking=Tracking(fbclid="IwAR0-_x", fbp="fb.1.1778000000000.1234567890", utm_source="facebook"),
    )
    # The gateway's checkout links the click with the buyer's email; the payment has only the email.
    checkout = CheckoutStarted.model_validate(
        {
            "message_id": uuid4(),
            "tenant_id": shop.tenant_id,
            "correlation_id": uuid4(),
            "occurred_at": now - timedelta(minutes=5),
            "event_id": "checkout-1",
            "gateway": "hotmart",
            "gateway_event_type": "PURCHASE_OUT_OF_SHOPPING_CART",
            "checkout_id": "c1",
            "match_keys": {"email": EMAIL},
            "tracking": {"xcod": CLICK_ID},
        }
    )
    refund = PaymentRefunded.model_validate(
        payment(1, tenant_id=shop.tenant_id).model_dump(exclude={"type"})
        | {"message_id": uuid4(), "event_id": "refund-1", "refunded_minor": 1250}
    )
    async with (
        FakeAsyncRedis() as redis,
        open_broker("postgres", postgres_dsn) as broker,
        open_app(load(Settings), broker=broker, redis=redis) as private,
    ):
        api = await broker.subscribe("api", prefetch=100)
        await publish(broker, clicked, checkout)
        await eventually(lambda: _holds(admin, "SELECT email IS NOT NULL AND fbp IS NOT NULL FROM dispatch.clicks"))
        await publish(broker, paid, detection(paid), refund, refund)
        await eventually(lambda: DATASET in fake_meta.datasets and fake_meta.datasets[DATASET].received == 1)
        await eventually(lambda: _holds(admin, "SELECT count(*) = 1 FROM dispatch.reversals"))

        received: list[Message] = []
        async with asyncio.timeout(45):
            while not any(isinstance(message, ConversionDispatched) for message in received):
                received += [decode(each.body) for each in await api.receive(10, timedelta(seconds=1))]
        await api.close()

        async def is_ready() -> bool:
            return (await private.health.readiness()).checks == {"postgres": "ok", "broker": "ok", "loops": "ok"}

        await eventually(is_ready)

    [sent] = [message for message in received if isinstance(message, ConversionDispatched)]
    assert (sent.match.method, sent.match.click_id, sent.payment_id) == ("email", CLICK_ID, paid.payment_id)
    assert (sent.match.tried, sent.match.utm) == (("fbp",), Utm(source="facebook"))
    assert "fbc" in fake_meta.datasets[DATASET].latest[-1]["user_data"]


async def test_without_postgres_messages_wait_and_use_up_no_attempts(
    postgres_dsn: str, admin: asyncpg.Pool, shop: Shop, fake_meta: FakeMeta
) -> None:
    broker = MemoryBroker()

    def retried() -> float:
        labels = {"queue": "dispatch", "type": ClickRecorded.model_fields["type"].default, "outcome": "retried"}
        return REGISTRY.get_sample_value("orylo_messages_handled_total", labels) or 0.0

    before = retried()
    async with tcp_proxy(postgres_dsn) as (proxy, dsn), FakeAsyncRedis() as redis:
        settings = Settings(database_url=dsn, redis_url="redis://unused", broker_url="postgres", master_key=KEYS)
        async with open_app(settings, broker=broker, redis=redis):
            proxy.cut()
            for number in range(5):
                await broker.send(click_recorded(tenant_id=shop.tenant_id, click_id=f"first-{number}"))
            await eventually(lambda: retried() >= before + 5)
            for number in range(50):
                await broker.send(click_recorded(tenant_id=shop.tenant_id, click_id=f"then-{number}"))
            await asyncio.sleep(2)

            assert retried() == before + 5
            await proxy.restore()
            await eventually(lambda: _holds(admin, "SELECT count(*) = 55 FROM dispatch.clicks"))


async def test_payments_that_follow_each_other_closely_share_a_request(
    postgres_dsn: str, admin: asyncpg.Pool, shop: Shop, fake_meta: FakeMeta
) -> None:
    broker = MemoryBroker()
    async with FakeAsyncRedis() as redis:
        settings = Settings(
            database_url=postgres_dsn,
            redis_url="redis://unused",
            broker_url="postgres",
            master_key=KEYS,
            meta_base_url=fake_meta.base_url,
        )
        async with open_app(settings, broker=broker, redis=redis):
            for number in range(24):
                paid = shop.payment(number)
                await publish(broker, paid, detection(paid))
                await asyncio.sleep(0.02)
            await eventually(lambda: _holds(admin, "SELECT count(accepted_at) = 24 FROM dispatch.deliveries"))

    assert await admin.fetchval("SELECT count(DISTINCT accepted_at) FROM dispatch.deliveries") <= 12


async def _holds(admin: asyncpg.Pool, question: str) -> bool:
    return bool(await admin.fetchval(question))
