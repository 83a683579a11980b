"""A tenant's rules decide on the next payment, in the whole service."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from redis.asyncio import Redis

from orylo_common.control import Keyring
from orylo_common.control.fuses import reset_fuse
from orylo_common.control.rule_snoozes import snooze_rule
from orylo_common.control.rules import change_rule, create_rule
from orylo_common.control.sections.fuse import FusePolicy
from orylo_common.control.sections.store import write_section
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


@asynccontextmanager
async def detector(postgres_dsn: str, redis_url: str) -> AsyncIterator[MemoryBroker]:
    """Run a replica with its own bus."""
    settings = Settings(
        database_url=postgres_dsn, redis_url=redis_url, broker_url="postgres", master_key=Keyring.generate()
    )
    broker = MemoryBroker()
    async with Redis.from_url(redis_url, socket_timeout=60) as redis, open_app(settings, broker=broker, redis=redis):
        yield broker


@pytest.fixture
async def broker(postgres_dsn: str, redis_url: str, tenant_id: UUID) -> AsyncIterator[MemoryBroker]:
    async with detector(postgres_dsn, redis_url) as broker:
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


async def test_a_rule_in_shadow_is_recorded_and_changes_no_decision(
    broker: MemoryBroker, pool: asyncpg.Pool, tenant_id: UUID
) -> None:
    before = await decide(broker, tenant_id)
    await create(pool, tenant_id, "payment.amount > 50", mode="shadow")
    after = await decided_by_rule(broker, tenant_id)

    assert (after.decision, after.risk_score, after.points, after.override) == (
        before.decision, before.risk_score, before.points, None,
    )  # fmt: skip
    assert [(hit.mode, hit.action, hit.otherwise) for hit in after.rules] == [("shadow", "block", Decision.BLOCK)]


async def test_a_change_and_a_snooze_apply_to_the_next_payments(
    broker: MemoryBroker, pool: asyncpg.Pool, tenant_id: UUID
) -> None:
    rule = await create(pool, tenant_id, "payment.amount > 50")
    assert (await decided_by_rule(broker, tenant_id)).decision is Decision.BLOCK
    async with pool.acquire() as connection:
        until = datetime.now(UTC) + timedelta(hours=1)
        await snooze_rule(connection, tenant_id, rule.id, "cus_friend", until=until, reason="a friend", actor=ACTOR)
    for _ in range(200):
        friend = await decide(broker, tenant_id, customer_id="cus_friend")
        if not friend.rules:
            break
    assert friend.rules == ()
    assert (await decide(broker, tenant_id)).decision is Decision.BLOCK

    async with pool.acquire() as connection, connection.transaction():
        draft = rule.draft().model_copy(update={"mode": "off"})
        await change_rule(connection, tenant_id, rule.id, draft, version=1, actor=ACTOR)
    for _ in range(200):
        last = await decide(broker, tenant_id)
        if not last.rules:
            break
    assert last.decision is Decision.ALLOW


async def test_a_rule_puts_a_customer_on_a_list_that_decides_on_the_next_payment(
    broker: MemoryBroker, pool: asyncpg.Pool, tenant_id: UUID
) -> None:
    action = {"kind": "add_to_list", "list": "block"}
    await create(pool, tenant_id, "payment.amount > 500", action=action, name="Too much")
    big = {"amount_minor": 60_000}
    await decided_by_rule(broker, tenant_id, customer_id="cus_greedy", **big)
    rows = await pool.fetch("SELECT * FROM control.list_entries WHERE tenant_id = $1 AND type = 'customer'", tenant_id)
    assert [(row["list"], row["value"], row["added_by"]) for row in rows] == [("block", "cus_greedy", "rule:Too much")]

    small = await decide(broker, tenant_id, customer_id="cus_greedy")
    assert (small.decision, small.override) == (Decision.BLOCK, "block_list.customer")


async def tripped(pool: asyncpg.Pool, tenant_id: UUID) -> bool:
    return bool(await pool.fetchval("SELECT tripped FROM control.fuses WHERE tenant_id = $1", tenant_id))


async def test_blocks_that_jump_trip_the_fuse_on_all_replicas_until_a_person_resets_it(
    postgres_dsn: str, redis_url: str, pool: asyncpg.Pool, tenant_id: UUID
) -> None:
    policy = FusePolicy(min_payments=20, min_blocked=10, min_history=100)
    async with pool.acquire() as connection:
        await write_section(connection, tenant_id, policy, actor=ACTOR)
    await pool.execute(
        "INSERT INTO detector.block_counts VALUES ($1, 'day', date_trunc('day', now() - interval '3 days'), 1000, 10)",
        tenant_id,
    )
    async with detector(postgres_dsn, redis_url) as one, detector(postgres_dsn, redis_url) as two:
        replicas = (one, two)
        for number in range(20):
            await decide(replicas[number % 2], tenant_id)
        await create(pool, tenant_id, "payment.amount > 50")
        for _ in range(400):
            last = [await decide(each, tenant_id) for each in replicas]
            if [each.override for each in last] == ["fuse", "fuse"]:
                break
        assert [(each.decision, each.override) for each in last] == [(Decision.REVIEW, "fuse")] * 2
        assert [hit.action for hit in last[0].rules] == ["block"]
        [row] = await pool.fetch("SELECT * FROM control.fuses WHERE tenant_id = $1", tenant_id)
        assert row["tripped"]
        assert row["blocked"] >= 10
        assert (row["usual_rate"], row["limit_rate"]) == (0.01, 0.05)

    async with detector(postgres_dsn, redis_url) as restarted:
        again = await decide(restarted, tenant_id)
        assert (again.decision, again.override) == (Decision.REVIEW, "fuse")
        async with pool.acquire() as connection:
            await reset_fuse(connection, tenant_id, reason="the rule is right", actor=ACTOR)
        for _ in range(200):
            again = await decide(restarted, tenant_id)
            if again.override != "fuse":
                break
        assert (again.decision, again.override) == (Decision.BLOCK, "rule")
        assert not await tripped(pool, tenant_id)
        line = await pool.fetchval("SELECT after FROM control.audit_log WHERE action = 'fuse.reset'")
        assert line == {"reason": "the rule is right"}


async def test_declined_attempts_and_test_events_do_not_trip_the_fuse(
    broker: MemoryBroker, pool: asyncpg.Pool, tenant_id: UUID
) -> None:
    async with pool.acquire() as connection:
        await write_section(connection, tenant_id, FusePolicy(min_payments=5, min_blocked=2), actor=ACTOR)
    await create(pool, tenant_id, "payment.amount > 50")
    await decided_by_rule(broker, tenant_id, test=True)
    for _ in range(10):
        blocked = await decide(broker, tenant_id, test=True)
        assert blocked.decision is Decision.BLOCK
    assert await pool.fetchval("SELECT count(*) FROM detector.block_counts WHERE tenant_id = $1", tenant_id) == 0


async def test_a_redelivered_payment_is_counted_once(broker: MemoryBroker, pool: asyncpg.Pool, tenant_id: UUID) -> None:
    fact = payment(tenant_id=tenant_id)
    for _ in range(3):
        await broker.send(fact)
    await decide(broker, tenant_id)

    async def counted() -> int:
        query = "SELECT coalesce(sum(payments), 0) FROM detector.block_counts WHERE tenant_id = $1 AND grain = 'day'"
        return int(await pool.fetchval(query, tenant_id))

    for _ in range(600):
        if await counted() >= 2:
            break
        await asyncio.sleep(0.05)
    await asyncio.sleep(1.2)
    assert await counted() == 2
