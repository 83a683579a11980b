"""A tenant's rules decide on the next payment, in the whole service."""

from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from redis.asyncio import Redis

from orylo_common.control import Keyring
from orylo_common.control.rules import create_rule
from orylo_common.control.tenants import create_tenant
from orylo_common.messages import Decision, DetectionCreated
from orylo_common.postgres.pool import open_pool
from orylo_detector import app, deadline
from orylo_detector.app import open_app
from orylo_detector.engine import Engine
from orylo_detector.settings import Settings
from orylo_rules import Rule, RuleDraft
from tests.support.actors import ACTOR
from tests.support.eventually import eventually
from tests.support.memory_broker import MemoryBroker
from tests.unit.detector.cases import payment

pytestmark = pytest.mark.integration

BLOCK = {"kind": "block"}


@pytest.fixture(autouse=True)
def _no_deadlines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the deadlines: on a machine that stalls no detector and no feature may be late."""
    monkeypatch.setattr(app, "Engine", partial(Engine, time_limit=timedelta(minutes=1)))
    monkeypatch.setattr(deadline, "SLICE_S", 15)


@pytest.fixture
async def pool(postgres_dsn: str) -> AsyncIterator[asyncpg.Pool]:
    async with open_pool(postgres_dsn, role="postgres") as pool:
        yield pool


@pytest.fixture
async def tenant_id(pool: asyncpg.Pool) -> AsyncIterator[UUID]:
    async with pool.acquire() as connection:
        yield (await create_tenant(connection, "loja-das-regras", actor=ACTOR)).id
    await pool.execute("TRUNCATE control.tenants CASCADE")


@pytest.fixture
async def broker(postgres_dsn: str, redis_url: str, tenant_id: UUID) -> AsyncIterator[MemoryBroker]:
    settings = Settings(
        database_url=postgres_dsn, redis_url=redis_url, broker_url="postgres", master_key=Keyring.generate()
    )
    broker = MemoryBroker()
    async with Redis.from_url(redis_url, socket_timeout=60) as redis:
        await redis.flushdb()
        async with open_app(settings, broker=broker, redis=redis):
            yield broker


async def decide(broker: MemoryBroker, tenant_id: UUID, **changes: Any) -> DetectionCreated:
    """Decide on a payment of a new customer, unless `changes` name one."""
    buyer = {"customer_id": f"cus_{uuid4().hex}", "ip": None, "card": {"fingerprint": f"fp_{uuid4().hex}"}}
    fact = payment(tenant_id=tenant_id, **(buyer | changes))
    await broker.send(fact)

    def decided() -> list[DetectionCreated]:
        found = [message for message in broker.messages() if isinstance(message, DetectionCreated)]
        return [each for each in found if each.event_id == fact.event_id]

    await eventually(lambda: bool(decided()))
    return decided()[0]


async def create(pool: asyncpg.Pool, tenant_id: UUID, expression: str, **changes: Any) -> Rule:
    values = {"name": expression[:100], "expression": expression, "action": BLOCK, "mode": "on"} | changes
    async with pool.acquire() as connection, connection.transaction():
        return (await create_rule(connection, tenant_id, RuleDraft.model_validate(values), actor=ACTOR)).rule


async def decided_by_rule(broker: MemoryBroker, tenant_id: UUID, **changes: Any) -> DetectionCreated:
    """Send payments until the rules have reached the detector, and return the first decision with one."""
    for _ in range(200):
        detection = await decide(broker, tenant_id, **changes)
        if detection.rules or detection.degraded:
            return detection
    raise AssertionError("no rule applied")


async def test_the_next_payment_is_decided_with_a_new_rule(
    broker: MemoryBroker, pool: asyncpg.Pool, tenant_id: UUID
) -> None:
    before = await decide(broker, tenant_id)
    rule = await create(pool, tenant_id, "payment.amount > 50 && customer.payments == 0")
    after = await decided_by_rule(broker, tenant_id)

    assert (before.decision, before.rules) == (Decision.ALLOW, ())
    assert (after.decision, after.override, after.risk_score) == (Decision.BLOCK, "rule", before.risk_score)
    [hit] = after.rules
    assert (hit.rule_id, hit.name, hit.mode, hit.otherwise) == (rule.id, rule.name, "on", Decision.ALLOW)
    [row] = await pool.fetch("SELECT * FROM detector.detections WHERE id = $1", after.detection_id)
    assert (row["rules"][0]["rule_id"], row["override"]) == (str(rule.id), "rule")
