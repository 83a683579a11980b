"""A backtest decides as the service does."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain
from random import Random
from uuid import UUID, uuid4

import pytest
from redis.asyncio import Redis

from orylo_common.control import Keyring
from orylo_common.control.lists.entries import NewEntry, add_entry
from orylo_common.control.lists.values import EntryType
from orylo_common.control.tenants import create_tenant
from orylo_common.hashing import hash_of
from orylo_common.messages import DetectionCreated, Message
from orylo_common.postgres.pool import Connection, open_pool
from orylo_detector import app, deadline
from orylo_detector.adapters.memory_lists import MemoryLists
from orylo_detector.app import open_app
from orylo_detector.backtest.facts import NO_ID, dispute_fact, payment_fact
from orylo_detector.backtest.labelled_payment import LabelledPayment, replay_order
from orylo_detector.backtest.replay import Replay
from orylo_detector.backtests import stored_entries
from orylo_detector.engine import Engine
from orylo_detector.settings import Settings
from tests.support.actors import ACTOR
from tests.support.eventually import eventually
from tests.support.memory_broker import MemoryBroker
from tests.unit.detector.backtest.cases import CURRENT, labelled

pytestmark = pytest.mark.integration

PAYMENTS = 150
DELAY = timedelta(days=7)


@pytest.fixture
async def broker(postgres_dsn: str, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[MemoryBroker]:
    # On a machine that stalls no detector and no feature may be late.
    monkeypatch.setattr(app, "Engine", partial(Engine, time_limit=timedelta(minutes=1)))
    monkeypatch.setattr(deadline, "SLICE_S", 15)
    # Each payment is sent once what the previous one changed is stored.
    monkeypatch.setattr(app, "COUNT_PACE", app.PACE)
    settings = Settings(
        database_url=postgres_dsn, redis_url=redis_url, broker_url="postgres", master_key=Keyring.generate()
    )
    broker = MemoryBroker()
    async with Redis.from_url(redis_url, socket_timeout=60) as redis:
        await redis.flushdb()
        async with open_app(settings, broker=broker, redis=redis):
            yield broker


def stream() -> list[LabelledPayment]:
    """Build the payments of a few customers: bursts, declines, high amounts, frauds, disputes, several countries."""
    random = Random(5)
    made = []
    after = timedelta()
    for number in range(PAYMENTS):
        after += random.choice([timedelta(seconds=20), timedelta(minutes=50), timedelta(hours=9)])
        customer = random.choice(["ana", "ana", "bia", "caio", None])
        payment = labelled(
            after,
            payment_id=f"p{number:03}",
            customer_id=customer,
            amount_minor=random.choice([900, 9_900, 10_100, 12_000, 90_000]),
            currency=random.choice(["BRL", "BRL", "BRL", "USD"]),
            is_fraud=random.random() < 0.1,
            product_id=random.choice(["course", "course", "club", None]),
            ip=random.choice(["200.160.2.3", "193.0.6.139", None]),
            card_fingerprint=random.choice([f"fp_{customer}", f"fp_{number}", None]),
            card_country=random.choice(["BR", "PT", None]),
            email_domain="example.com",
            status=random.choice(["succeeded", "succeeded", "succeeded", "failed", "created"]),
        )
        if random.random() < 0.05:
            payment = payment._replace(disputed_at=payment.occurred_at + timedelta(days=random.choice([2, 9])))
        made.append(payment)
        if payment.status == "failed" and random.random() < 0.5:
            made.append(payment._replace(status="succeeded", occurred_at=payment.occurred_at + timedelta(seconds=5)))
    return sorted(made, key=replay_order)


def with_disputes(payments: list[LabelledPayment]) -> list[tuple[datetime, Message]]:
    """Return the messages that the service would receive, each dispute when the backtest learns it."""
    messages: list[tuple[datetime, Message]] = []
    for payment in payments:
        messages.append((payment.occurred_at, payment_fact(payment)))
        if payment.status == "succeeded" and (payment.is_fraud or payment.disputed_at):
            known_at = max(payment.occurred_at + DELAY, payment.disputed_at or payment.occurred_at)
            messages.append((known_at, dispute_fact(payment, known_at)))
    return sorted(messages, key=lambda each: (each[0], each[1].type))


async def decided_live(
    broker: MemoryBroker, tenant_id: UUID, payments: list[LabelledPayment]
) -> list[DetectionCreated]:
    for _, message in with_disputes(payments):
        await broker.send(message.model_copy(update={"message_id": uuid4(), "tenant_id": tenant_id}))
        await eventually(lambda: not broker.ready["detector"] and not broker.waiting["detector"])
        await eventually(lambda: all(not subscription._unsettled for subscription in broker.subscriptions))
    await eventually(lambda: sum(isinstance(each, DetectionCreated) for each in broker.messages()) >= len(payments))
    return [each for each in broker.messages() if isinstance(each, DetectionCreated)]


async def listed(connection: Connection) -> UUID:
    """Create a tenant with lists, and return its id."""
    tenant = await create_tenant(connection, "listed", actor=ACTOR)
    soon = datetime.now(UTC) + timedelta(days=1)
    for name, kind, value, expires_at in (
        ("allow", EntryType.CUSTOMER, "bia", None),
        ("block", EntryType.IP, "193.0.0.0/16", soon),
        ("allow", EntryType.IP, "193.0.6.0/24", soon),
        ("block", EntryType.IP, "193.0.6.139", None),
        ("block", EntryType.CARD, "fp_bia", None),
        ("block", EntryType.CARD_COUNTRY, "PT", None),
        ("vip", EntryType.EMAIL_DOMAIN, hash_of("example.com"), None),
    ):
        await add_entry(connection, tenant.id, NewEntry(name, kind, value, "test", expires_at), actor=ACTOR)
    return tenant.id


@pytest.mark.parametrize("has_lists", [False, True])
async def test_a_backtest_decides_as_the_live_service_does(
    broker: MemoryBroker, postgres_dsn: str, has_lists: bool
) -> None:
    payments = stream()
    lists, tenant_id = MemoryLists(), NO_ID
    if has_lists:
        async with open_pool(postgres_dsn, role="postgres") as pool, pool.acquire() as connection:
            tenant_id = await listed(connection)
        async with open_pool(postgres_dsn, role="orylo_detector") as pool:
            batches = [batch async for batch in stored_entries(pool, tenant_id)]
            lists = MemoryLists(chain.from_iterable(batches))
    live = {detection.event_id: detection for detection in await decided_live(broker, tenant_id, payments)}
    replay = Replay([CURRENT], lists=lists, feedback_delay=DELAY)
    risks, overrides = set(), set()
    for payment in payments:
        [verdict] = await replay.decide(payment)
        detection = live[payment_fact(payment).event_id]
        assert (verdict.decision, verdict.risk_score) == (detection.decision, detection.risk_score), payment
        assert verdict.override == detection.override, payment
        assert verdict.points == detection.points, payment
        assert verdict.degraded == detection.degraded == ()
        risks.add(verdict.risk_score)
        overrides.add(verdict.override)
    # The stream exercises the detectors, and the lists.
    assert len(risks) > 20
    assert len(overrides) == (5 if has_lists else 1)
