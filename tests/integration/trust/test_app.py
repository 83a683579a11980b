"""The whole service on real PostgreSQL and Redis, with the bus in memory."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import pytest
from redis.asyncio import Redis

from orylo_common.control import Keyring
from orylo_common.control.api_keys import create_api_key
from orylo_common.control.models import Role
from orylo_common.control.sections.store import write_section
from orylo_common.control.sections.trust import TrustPolicy
from orylo_common.control.tenants import create_tenant
from orylo_common.http.private import serve_private
from orylo_common.messages import (
    CustomerMerged,
    CustomerMergeDecided,
    CustomerStatusSet,
    CustomerTrustCorrected,
    CustomerUnmerged,
    DisputeOpened,
    FraudWarningReceived,
    Message,
    PaymentEnriched,
    PaymentFact,
    PaymentRefunded,
    TrustStatus,
    TrustUpdated,
)
from orylo_common.postgres.pool import open_pool
from orylo_common.resilience.circuit_breaker import CircuitBreaker
from orylo_trust.adapters.redis_standings import RedisStandings
from orylo_trust.app import open_app
from orylo_trust.domain.account import Standing
from orylo_trust.settings import Settings
from tests.support.actors import ACTOR
from tests.support.eventually import eventually
from tests.support.memory_broker import MemoryBroker
from tests.support.servers import free_ports
from tests.unit.trust.test_ledger import NOW, dispute, fact, paid

pytestmark = pytest.mark.integration


def settings(postgres_dsn: str, redis_url: str) -> Settings:
    return Settings(
        database_url=postgres_dsn,
        redis_url=redis_url,
        broker_url="postgres",
        master_key=Keyring.generate(),
    )


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_url) as redis:
        yield redis


@pytest.fixture
async def broker(postgres_dsn: str, redis_url: str, redis: Redis) -> AsyncIterator[MemoryBroker]:
    broker = MemoryBroker()
    async with open_app(settings(postgres_dsn, redis_url), broker=broker, redis=redis):
        yield broker


def updates(broker: MemoryBroker) -> list[TrustUpdated]:
    return [message for message in broker.messages() if isinstance(message, TrustUpdated)]


async def handled(broker: MemoryBroker, *messages: Message) -> list[TrustUpdated]:
    """Send the messages one after the other. Return all announcements once they are handled."""
    for message in messages:
        await broker.send(message)
        await eventually(lambda: not broker.ready["trust"] and not broker.waiting["trust"])
        await eventually(lambda: all(not subscription._unsettled for subscription in broker.subscriptions))
    assert broker.dead_letters("trust") == []
    return updates(broker)


def of(tenant_id: object, *facts: PaymentFact) -> list[PaymentFact]:
    return [fact.model_copy(update={"tenant_id": tenant_id}) for fact in facts]


def status_set(tenant_id: object, status: TrustStatus) -> CustomerStatusSet:
    return CustomerStatusSet.model_validate(
        {
            "message_id": uuid4(),
            "tenant_id": tenant_id,
            "correlation_id": uuid4(),
            "occurred_at": NOW + timedelta(days=1),
            "customer_id": "cus_1",
            "status": status,
            "actor": "ana",
            "reason": "chargebacks",
        }
    )


async def test_each_change_of_a_customer_is_announced(broker: MemoryBroker) -> None:
    tenant_id = uuid4()
    life = of(
        tenant_id,
        paid(1),
        fact(PaymentRefunded, refunded_minor=300, full=False),
        fact(PaymentRefunded, refunded_minor=1000),
        fact(FraudWarningReceived, warning_id="issfr_1"),
        dispute(DisputeOpened),
    )
    blocked = status_set(tenant_id, TrustStatus.BLOCKED)
    await handled(broker, *life, *life, blocked, blocked)
    await eventually(lambda: len(updates(broker)) >= 6)

    assert [(u.version, u.cause, u.score_before, u.score_after, u.status) for u in updates(broker)] == [
        (1, "clean_payment", 50, 52, "neutral"),
        (2, "refund", 52, 50, "neutral"),
        (3, "refund", 50, 47, "neutral"),
        (4, "fraud_warning", 47, 17, "neutral"),
        (5, "dispute_opened", 17, 0, "neutral"),
        (6, "status_set", 0, 0, "blocked"),
    ]
    assert [(u.actor, u.reason) for u in updates(broker)] == [(None, None)] * 5 + [("ana", "chargebacks")]


async def test_the_points_come_from_the_tenants_policy(broker: MemoryBroker, postgres_dsn: str) -> None:
    async with open_pool(postgres_dsn, role="postgres", max_size=1) as pool, pool.acquire() as connection:
        tenant = await create_tenant(connection, "loja", actor=ACTOR)
        await write_section(connection, tenant.id, TrustPolicy(start=70, dispute_opened=-20), actor=ACTOR)

    async def has_the_tenants_points() -> bool:
        # A new customer each time, until the settings have arrived.
        its_own = {name: f"{name}_{uuid4()}" for name in ("dispute_id", "customer_id", "payment_id")}
        disputed = fact(DisputeOpened, **its_own)
        found = await handled(broker, *of(tenant.id, disputed))
        return any((update.score_before, update.score_after) == (70, 50) for update in found)

    await eventually(has_the_tenants_points)


async def test_a_change_drops_the_customer_from_the_cache(broker: MemoryBroker, redis: Redis) -> None:
    tenant_id = uuid4()
    cache = RedisStandings(redis, CircuitBreaker("test.standings"))
    await cache.put(tenant_id, "cus_1", Standing(99, TrustStatus.NEUTRAL, 1))
    await handled(broker, *of(tenant_id, paid(1)))

    async def forgotten() -> bool:
        return await cache.get(tenant_id, "cus_1") is None

    await eventually(forgotten)


async def test_the_standings_endpoint_answers_from_the_cache_and_never_with_an_old_score(
    postgres_dsn: str, redis_url: str, redis: Redis
) -> None:
    broker, (port,) = MemoryBroker(), free_ports(1)
    tenant_id, key = await _with_key(postgres_dsn, "standings")
    _, others_key = await _with_key(postgres_dsn, "other")
    async with (
        open_app(settings(postgres_dsn, redis_url), broker=broker, redis=redis) as private,
        serve_private(private, "127.0.0.1", port),
        aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session,
    ):

        async def standing(path: str = f"/standings/{tenant_id}/cus_1", key: str = key) -> tuple[int, Any]:
            async with session.get(path, headers={"Authorization": f"Bearer {key}"}) as response:
                return response.status, await response.json()

        async with session.get(f"/standings/{tenant_id}/cus_1") as response:
            assert response.status == 401
        assert (await standing(key="orylo_wrong"))[0] == 401
        assert (await standing())[0] == 404
        assert (await standing("/standings/loja/cus_1"))[0] == 400
        await handled(broker, *of(tenant_id, paid(1)))
        assert await standing() == (200, {"score": 52, "status": "neutral", "version": 1})
        assert await redis.exists(f"trust:{tenant_id}:cus_1")
        assert (await standing(key=others_key))[0] == 404

        await handled(broker, *of(tenant_id, dispute(DisputeOpened)))

        async def is_new() -> bool:
            return await standing() == (200, {"score": 2, "status": "neutral", "version": 2})

        await eventually(is_new)


async def _with_key(dsn: str, slug: str) -> tuple[UUID, str]:
    """Create a tenant with an API key."""
    async with open_pool(dsn, role="postgres", max_size=1) as pool, pool.acquire() as connection:
        tenant = await create_tenant(connection, slug, actor=ACTOR)
        new = await create_api_key(connection, tenant.id, name="machine", role=Role.VIEWER, actor=ACTOR)
    return tenant.id, new.key


async def test_a_message_that_cannot_be_stored_is_dead_lettered_at_once_and_alone(broker: MemoryBroker) -> None:
    tenant_id = uuid4()
    unstorable = fact(PaymentRefunded, refunded_minor=300, full=False, payment_id="stripe:pi_\0")
    for message in of(tenant_id, paid(1), unstorable, paid(2)):
        await broker.send(message)
    await eventually(lambda: bool(broker.dead_letters("trust")))
    await eventually(lambda: len(updates(broker)) == 2)

    [letter] = broker.dead_letters("trust")
    assert (letter.reason, letter.attempts) == (
        "PostgreSQL rejected the data (CharacterNotInRepertoireError)",
        1,
    )


async def test_without_redis_the_service_continues(postgres_dsn: str) -> None:
    nowhere, broker = "redis://127.0.0.1:1/0", MemoryBroker()
    async with (
        Redis.from_url(nowhere) as redis,
        open_app(settings(postgres_dsn, nowhere), broker=broker, redis=redis) as private,
    ):
        for _ in range(10):
            await handled(broker, *of(uuid4(), paid(1)))
        await eventually(lambda: len(updates(broker)) == 10)

        async def is_ready_without_redis() -> bool:
            readiness = await private.health.readiness()
            return readiness.ready and readiness.checks["redis"] != "ok"

        await eventually(is_ready_without_redis)


async def test_a_later_event_and_a_users_decision_make_customers_one_person(broker: MemoryBroker) -> None:
    tenant_id, base = uuid4(), {"message_id": uuid4(), "correlation_id": uuid4(), "occurred_at": NOW}
    named = fact(PaymentEnriched, payment_id="stripe:pi_1", customer_id="cus_email")
    decided = CustomerMergeDecided.model_validate(
        {**base, "tenant_id": tenant_id, "customer_id": "cus_1", "same_as": None, "actor": "ana", "reason": "no"}
    )
    corrected = CustomerTrustCorrected.model_validate(
        {**base, "tenant_id": tenant_id, "correction_id": uuid4(), "customer_id": "cus_email", "points": 9,
         "actor": "ana", "reason": "good"}
    )  # fmt: skip
    await handled(broker, *of(tenant_id, paid(1), named), corrected, decided)

    def sent(kind: type[Message]) -> list[Message]:
        return [message for message in broker.messages() if isinstance(message, kind)]

    await eventually(lambda: len(sent(CustomerUnmerged)) == 2)
    assert {message.people for message in sent(CustomerMerged)} == {("cus_1", "cus_email")}  # type: ignore[attr-defined]
    changes = [(each.customer_id, each.cause, each.score_after) for each in updates(broker)]
    assert changes[-3:] == [("cus_1", "correction", 61), ("cus_1", "unmerged", 52), ("cus_email", "unmerged", 59)]


async def test_a_status_that_ends_is_announced_by_the_running_service(broker: MemoryBroker) -> None:
    tenant_id = uuid4()
    ends = status_set(tenant_id, TrustStatus.BLOCKED).model_copy(update={"expires_at": NOW + timedelta(days=2)})
    await handled(broker, ends)

    await eventually(lambda: [each.cause for each in updates(broker)] == ["status_set", "status_expired"])
    assert updates(broker)[-1].status is TrustStatus.NEUTRAL
