"""The whole service on real PostgreSQL and Redis, with the bus in memory."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from orylo_common.control import Keyring
from orylo_common.messages import (
    Decision,
    DetectionCreated,
    DisputeOpened,
    PaymentCanceled,
    PaymentEnriched,
    PaymentFailed,
    TrustStatus,
    TrustUpdated,
)
from orylo_detector import app, deadline
from orylo_detector.app import open_app
from orylo_detector.engine import Engine
from orylo_detector.settings import Settings
from tests.support.eventually import eventually
from tests.support.memory_broker import MemoryBroker
from tests.support.redis import redis_server
from tests.unit.detector.cases import NOW, TENANT, payment

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def _no_deadlines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the deadlines: on a machine that stalls no detector and no feature may be late."""
    monkeypatch.setattr(app, "Engine", partial(Engine, time_limit=timedelta(minutes=1)))
    monkeypatch.setattr(deadline, "SLICE_S", 15)


@asynccontextmanager
async def detector(postgres_dsn: str, redis_url: str) -> AsyncIterator[MemoryBroker]:
    """Run a replica with its own bus."""
    settings = Settings(
        database_url=postgres_dsn,
        redis_url=redis_url,
        broker_url="postgres",
        master_key=Keyring.generate(),
    )
    broker = MemoryBroker()
    async with Redis.from_url(redis_url, socket_timeout=60) as redis, open_app(settings, broker=broker, redis=redis):
        yield broker


@pytest.fixture
async def broker(postgres_dsn: str, redis_url: str) -> AsyncIterator[MemoryBroker]:
    async with Redis.from_url(redis_url) as redis:
        await redis.flushdb()
    async with detector(postgres_dsn, redis_url) as broker:
        yield broker


def detections(*brokers: MemoryBroker) -> list[DetectionCreated]:
    return [message for broker in brokers for message in broker.messages() if isinstance(message, DetectionCreated)]


async def decided(broker: MemoryBroker, count: int) -> list[DetectionCreated]:
    await eventually(lambda: len(detections(broker)) >= count)
    return detections(broker)


async def done(broker: MemoryBroker) -> None:
    """Wait until every message sent so far is handled."""
    await eventually(lambda: not broker.ready["detector"] and not broker.waiting["detector"])
    await eventually(lambda: all(not subscription._unsettled for subscription in broker.subscriptions))
    assert broker.dead_letters("detector") == []


def trust_update(version: int, status: TrustStatus, customer_id: str) -> TrustUpdated:
    return TrustUpdated(
        message_id=uuid4(),
        tenant_id=TENANT,
        correlation_id=uuid4(),
        occurred_at=NOW,
        customer_id=customer_id,
        version=version,
        score_before=50,
        score_after=50,
        status=status,
        cause="status_set",
    )


async def test_an_event_that_is_delivered_repeatedly_is_decided_and_announced_once(broker: MemoryBroker) -> None:
    fact, other = payment(), payment()
    for message in (fact, fact, other, fact):
        await broker.send(message)
    await done(broker)
    await broker.send(fact)
    await done(broker)

    assert sorted(d.event_id for d in await decided(broker, 2)) == sorted([fact.event_id, other.event_id])


async def test_replicas_that_receive_the_same_events_decide_each_once(postgres_dsn: str, redis_url: str) -> None:
    facts = [payment(customer_id=f"cus_{number % 9}", ip=None) for number in range(300)]
    async with detector(postgres_dsn, redis_url) as one, detector(postgres_dsn, redis_url) as two:
        for forth, back in zip(facts, reversed(facts), strict=True):
            await one.send(forth)
            await two.send(back)
        await done(one)
        await done(two)
        await eventually(lambda: len(detections(one, two)) >= len(facts))

    assert sorted(d.event_id for d in detections(one, two)) == sorted(fact.event_id for fact in facts)


async def test_a_burst_with_one_card_is_blocked(broker: MemoryBroker) -> None:
    for number in range(12):
        refused = payment(PaymentFailed, customer_id=f"cus_burst_{number}", card={"fingerprint": "fp_burst"})
        await broker.send(refused)
        last = (await decided(broker, number + 1))[-1]

    assert last.decision is Decision.BLOCK
    assert "velocity.card.1m" in last.reasons


async def test_cards_tested_on_one_customer_are_blocked_even_if_the_gateway_names_no_card(broker: MemoryBroker) -> None:
    for number in range(9):
        refused = payment(PaymentFailed, gateway="hotmart", customer_id="cus_tester", card=None, ip=None)
        await broker.send(refused.model_copy(update={"occurred_at": NOW + number * timedelta(minutes=2)}))
        last = (await decided(broker, number + 1))[-1]

    assert "card_testing.customer.1h.declines" in last.reasons
    assert last.decision is Decision.BLOCK


async def test_a_customer_who_pays_from_two_countries_within_an_hour_travelled_impossibly(broker: MemoryBroker) -> None:
    # Addresses of Registro.br and of RIPE.
    await broker.send(payment(customer_id="cus_travel", ip="200.160.2.3"))
    await decided(broker, 1)
    later = NOW + timedelta(hours=1)
    await broker.send(payment(customer_id="cus_travel", ip="193.0.6.139", occurred_at=later))
    last = (await decided(broker, 2))[-1]

    assert "geo_mismatch.impossible_travel" in last.reasons
    assert last.decision is Decision.ALLOW


async def test_a_redelivered_attempt_counts_once(broker: MemoryBroker) -> None:
    fact = payment(customer_id="cus_again", card={"fingerprint": "fp_again"}, ip=None)
    for _ in range(20):
        await broker.send(fact)
    await done(broker)
    await broker.send(payment(customer_id="cus_again", card={"fingerprint": "fp_again"}, ip=None))

    assert (await decided(broker, 2))[-1].decision is Decision.ALLOW


async def test_the_newest_status_counts(broker: MemoryBroker) -> None:
    await broker.send(trust_update(2, TrustStatus.BLOCKED, "cus_listed"))
    await done(broker)
    await broker.send(trust_update(1, TrustStatus.ALLOWLISTED, "cus_listed"))
    await done(broker)
    await broker.send(payment(customer_id="cus_listed"))

    [detection] = await decided(broker, 1)
    assert (detection.decision, detection.override) == (Decision.BLOCK, "blocked")
    assert detection.risk_score == sum(each.points for each in detection.points) < 50


async def test_a_dispute_raises_the_risk_of_the_next_payment(broker: MemoryBroker) -> None:
    await broker.send(payment(customer_id="cus_disputing", payment_id="stripe:pi_disputed"))
    await broker.send(
        payment(DisputeOpened, customer_id=None, payment_id="stripe:pi_disputed", dispute_id="dp_1", card=None)
    )
    await done(broker)
    await broker.send(payment(customer_id="cus_disputing"))

    assert "trust_history.disputes" in (await decided(broker, 2))[-1].reasons


async def test_a_sale_that_names_its_buyer_later_is_decided_again_and_in_any_order_the_same(
    broker: MemoryBroker,
) -> None:
    for customer_id in ("cus_late_1", "cus_late_2"):
        await broker.send(trust_update(1, TrustStatus.BLOCKED, customer_id))
    await done(broker)
    bare: dict[str, Any] = {"customer_id": None, "card": None, "ip": None, "products": []}
    outcomes = []
    for sale_first, customer_id in ((True, "cus_late_1"), (False, "cus_late_2")):
        sale = payment(**bare)
        events = [sale, payment(PaymentEnriched, payment_id=sale.payment_id, customer_id=customer_id, ip=None)]
        for event in events if sale_first else reversed(events):
            await broker.send(event)
            await done(broker)
        await broker.send(events[1])
        await done(broker)
        outcomes.append([each for each in detections(broker) if each.payment_id == sale.payment_id])

    [[blind, informed], [at_once]] = outcomes
    assert (blind.decision, informed.decision, at_once.decision) == (Decision.ALLOW, Decision.BLOCK, Decision.BLOCK)
    assert informed.replaces is not None
    assert informed.replaces.detection_id == blind.detection_id
    assert (informed.points, informed.override) == (at_once.points, at_once.override)


async def test_replicas_that_receive_a_payments_events_agree_on_its_newest_decision(
    postgres_dsn: str, redis_url: str
) -> None:
    async with detector(postgres_dsn, redis_url) as one, detector(postgres_dsn, redis_url) as two:
        await one.send(trust_update(1, TrustStatus.BLOCKED, "cus_shared"))
        await done(one)
        sales = [payment(customer_id=None, card=None, ip=None) for _ in range(100)]
        for sale in sales:
            await one.send(sale)
            await two.send(payment(PaymentEnriched, payment_id=sale.payment_id, customer_id="cus_shared"))
        await done(one)
        await done(two)

    for sale in sales:
        versions = [each for each in detections(one, two) if each.payment_id == sale.payment_id]
        last = max(versions, key=lambda each: each.version)
        assert (last.decision, last.customer_id) == (Decision.BLOCK, "cus_shared")
        assert {each.replaces.detection_id for each in versions if each.replaces} == {
            each.detection_id for each in versions if each is not last
        }


async def test_a_canceled_payment_is_ignored(broker: MemoryBroker) -> None:
    await broker.send(payment(PaymentCanceled))
    await done(broker)

    assert detections(broker) == []


async def test_without_redis_decisions_continue_without_the_detectors_of_attempts(
    postgres_dsn: str, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        with redis_server(tmp_path) as redis_url:
            broker = await stack.enter_async_context(detector(postgres_dsn, redis_url))
            await broker.send(payment())
            [before] = await decided(broker, 1)
        for _ in range(200):
            await broker.send(payment())
        after = (await decided(broker, 201))[1:]
        await done(broker)

    assert before.degraded == ()
    assert {detection.degraded for detection in after} == {("velocity", "card_testing")}
    assert {result.name for result in after[0].detectors} == {
        "geo_mismatch",
        "amount_anomaly",
        "entity_risk",
        "trust_history",
    }
