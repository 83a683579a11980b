"""Counts by entity in a real database."""

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from orylo_common.messages import (
    DisputeLost,
    DisputeOpened,
    DisputeWon,
    FraudWarningReceived,
    PaymentEnriched,
    PaymentSucceeded,
    PaymentVerdict,
    VerdictGiven,
)
from orylo_common.postgres.group_commit import GroupCommit
from orylo_common.postgres.pool import open_pool
from orylo_common.postgres.retention import delete_expired
from orylo_detector import deadline
from orylo_detector.domain.entities import REMEMBERED
from orylo_detector.retention import RETENTIONS
from orylo_detector.store.entities import EntityFact, learn_entities
from orylo_detector.store.history import PostgresHistory
from tests.unit.detector.cases import NOW, payment

pytestmark = pytest.mark.integration


@pytest.fixture
async def pool(postgres_dsn: str) -> AsyncIterator[asyncpg.Pool]:
    async with open_pool(postgres_dsn, role="orylo_detector") as pool:
        yield pool


@pytest.fixture(autouse=True)
def _no_deadlines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the deadline: on a machine that stalls no answer may be late."""
    monkeypatch.setattr(deadline, "SLICE_S", 15)


async def learn(pool: asyncpg.Pool, *facts: EntityFact) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await learn_entities(connection, facts)


async def counts_of(pool: asyncpg.Pool, fact: PaymentSucceeded) -> dict[str, tuple[int, int]]:
    """Return the payments and frauds that a decision on the payment would see, by kind."""
    (history,) = await PostgresHistory(pool).read([fact])
    assert history.entities is not None
    return {kind: known.rate(NOW, 60)[:2] for kind, known in history.entities.items()}


def verdict(tenant_id: UUID, payment_id: str, given: PaymentVerdict, minute: int = 9) -> VerdictGiven:
    return VerdictGiven(
        message_id=uuid4(),
        tenant_id=tenant_id,
        correlation_id=uuid4(),
        occurred_at=NOW + timedelta(minutes=minute),
        verdict_id=uuid4(),
        payment_id=payment_id,
        verdict=given,
        actor="ana",
    )


def facts_of(tenant_id: UUID) -> list[EntityFact]:
    """Ten payments of a product: one disputed and lost, one won, one with a warning, one judged fraud, one cleared."""
    facts: list[EntityFact] = []
    for number in range(10):
        about = {"tenant_id": tenant_id, "payment_id": f"stripe:pi_{number}", "event_id": f"evt_{number}"}
        facts.append(payment(PaymentSucceeded, **about, ip=None if number % 2 else "203.0.113.7"))
        if number % 2:
            facts.append(payment(PaymentEnriched, **about, ip="203.0.113.9", products=[]))
    about = {"tenant_id": tenant_id, "amount_minor": 100}
    facts.append(payment(DisputeOpened, **about, payment_id="stripe:pi_0", dispute_id="dp_0"))
    facts.append(payment(DisputeLost, **about, payment_id="stripe:pi_0", dispute_id="dp_0"))
    facts.append(payment(DisputeOpened, **about, payment_id="stripe:pi_1", dispute_id="dp_1"))
    facts.append(payment(DisputeWon, **about, payment_id="stripe:pi_1", dispute_id="dp_1"))
    facts.append(payment(FraudWarningReceived, **about, payment_id="stripe:pi_2", warning_id="issfr_2"))
    facts.append(verdict(tenant_id, "stripe:pi_3", PaymentVerdict.FRAUD))
    facts.append(payment(DisputeOpened, **about, payment_id="stripe:pi_4", dispute_id="dp_4"))
    facts.append(verdict(tenant_id, "stripe:pi_4", PaymentVerdict.LEGITIMATE))
    return facts


@pytest.mark.parametrize("seed", range(6))
async def test_any_order_repetition_and_batches_give_the_same_counts(pool: asyncpg.Pool, seed: int) -> None:
    tenant_id, order = uuid4(), random.Random(seed)
    facts = facts_of(tenant_id)
    facts += order.sample(facts, 8)
    order.shuffle(facts)
    while facts:
        size = order.randint(1, 6)
        await learn(pool, *facts[:size])
        facts = facts[size:]

    found = await counts_of(pool, payment(PaymentSucceeded, tenant_id=tenant_id))
    assert found == {"tenant": (10, 3), "product": (10, 3), "network": (10, 3)}


async def test_two_replicas_count_each_payment_once(pool: asyncpg.Pool) -> None:
    tenant_id = uuid4()
    facts = facts_of(tenant_id)
    async with (
        GroupCommit(learn_entities, pool, name="test.one", max_items=3) as one,
        GroupCommit(learn_entities, pool, name="test.two", max_items=4) as two,
    ):
        await asyncio.gather(*(one.add(fact) for fact in facts), *(two.add(fact) for fact in reversed(facts)))

    found = await counts_of(pool, payment(PaymentSucceeded, tenant_id=tenant_id))
    assert found == {"tenant": (10, 3), "product": (10, 3), "network": (10, 3)}


async def test_a_replaced_and_a_withdrawn_verdict_change_the_counts(pool: asyncpg.Pool) -> None:
    tenant_id = uuid4()
    paid = payment(PaymentSucceeded, tenant_id=tenant_id)
    seen = []
    for minute, given in enumerate([PaymentVerdict.FRAUD, PaymentVerdict.LEGITIMATE, PaymentVerdict.FRAUD]):
        await learn(pool, paid, verdict(tenant_id, paid.payment_id, given, minute))
        seen.append((await counts_of(pool, paid))["product"])
    await learn(pool, verdict(tenant_id, paid.payment_id, PaymentVerdict.WITHDRAWN, 9))
    seen.append((await counts_of(pool, paid))["product"])

    assert seen == [(1, 1), (1, 0), (1, 1), (1, 0)]


async def test_another_tenants_payments_do_not_count(pool: asyncpg.Pool) -> None:
    await learn(pool, payment(PaymentSucceeded, tenant_id=uuid4()))
    assert await counts_of(pool, payment(PaymentSucceeded, tenant_id=uuid4())) == {
        "tenant": (0, 0),
        "product": (0, 0),
        "network": (0, 0),
    }


async def test_a_panels_test_event_is_not_counted(pool: asyncpg.Pool) -> None:
    tenant_id = uuid4()
    await learn(pool, payment(PaymentSucceeded, tenant_id=tenant_id, test=True))
    assert (await counts_of(pool, payment(PaymentSucceeded, tenant_id=tenant_id)))["tenant"] == (0, 0)


async def test_counts_beyond_the_remembered_fortnights_are_not_read_and_expire(pool: asyncpg.Pool) -> None:
    tenant_id = uuid4()
    old = payment(PaymentSucceeded, tenant_id=tenant_id, occurred_at=NOW - timedelta(days=14 * REMEMBERED))
    recent = payment(PaymentSucceeded, tenant_id=tenant_id, occurred_at=NOW - timedelta(days=14 * (REMEMBERED - 1)))
    await learn(pool, old, recent)
    assert (await counts_of(pool, payment(PaymentSucceeded, tenant_id=tenant_id)))["product"] == (1, 0)

    async with pool.acquire() as connection:
        later = await connection.fetchval("SELECT now() + interval '611 days'")
        while await delete_expired(connection, RETENTIONS, now=later):
            pass
        assert await connection.fetchval("SELECT count(*) FROM detector.entity_counts") == 0
        assert await connection.fetchval("SELECT count(*) FROM detector.entity_payments") == 0


async def test_a_payment_writes_one_row_and_shares_the_rows_of_its_entities(pool: asyncpg.Pool) -> None:
    """The bound on the tables: a row per payment, and one per entity and fortnight, of paid payments only."""
    tenant_id = uuid4()
    await learn(pool, *(payment(PaymentSucceeded, tenant_id=tenant_id) for _ in range(100)))
    rows = await pool.fetchrow(
        """
        SELECT (SELECT count(*) FROM detector.entity_payments WHERE tenant_id = $1) AS payments,
               (SELECT count(*) FROM detector.entity_counts WHERE tenant_id = $1) AS counts
        """,
        tenant_id,
    )
    assert rows is not None
    assert tuple(rows) == (100, 3)
