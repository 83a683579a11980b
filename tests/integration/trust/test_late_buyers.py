"""A sale whose buyer a later event names earns its points once: in any order, twice, in one batch, at two replicas."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from random import Random
from uuid import UUID, uuid4

import asyncpg
import pytest

from orylo_common.messages import (
    DisputeOpened,
    PaymentEnriched,
    PaymentFact,
    PaymentRefunded,
    PaymentSucceeded,
    PaymentVerdict,
)
from orylo_common.postgres.group_commit import GroupCommit
from orylo_trust.domain.reversals import JudgedPayment
from orylo_trust.posting import Block, Posting
from orylo_trust.recompute import differences
from orylo_trust.store import write_postings
from tests.integration.trust.test_people import decide, of
from tests.integration.trust.test_store import Batches, posting, updates
from tests.unit.trust.test_ledger import NOW, fact

pytestmark = pytest.mark.integration

# By name: the facts of one payment. The sale names no customer; later events do.
SALE = fact(PaymentSucceeded, customer_id=None)
FACTS: Mapping[str, PaymentFact] = {
    "sale": SALE,
    "sale with buyer": fact(PaymentSucceeded, customer_id="cus_z"),
    "buyer": fact(PaymentEnriched, customer_id="cus_b"),
    "other buyer": fact(PaymentEnriched, customer_id="cus_a"),
    "dispute": fact(DisputeOpened, customer_id="cus_c", dispute_id="dp_1"),
    "refund": fact(PaymentRefunded, customer_id=None, refunded_minor=1000),
}
BLOCKS = {"block": Block(1, in_effect=True), "lift": Block(2, in_effect=False)}


def report(name: str, tenant_id: UUID) -> Posting:
    if name in BLOCKS:
        return replace(posting(tenant_id=tenant_id, customer_id=None), block=BLOCKS[name])
    return of(FACTS[name], tenant_id)


async def points_of(pool: asyncpg.Pool, tenant_id: UUID) -> dict[str, int]:
    """Return the points of each customer, without those who have none. The stored sums must be those of the ledger."""
    assert [each async for each in differences(pool, tenant_id)] == []
    rows = await pool.fetch("SELECT customer_id, total - start FROM trust.accounts WHERE tenant_id = $1", tenant_id)
    return {customer_id: points for customer_id, points in rows if points}


CASES: tuple[tuple[tuple[str, ...], dict[str, int]], ...] = (
    (("sale",), {}),
    (("sale", "buyer"), {"cus_b": 2}),
    (("sale", "buyer", "other buyer"), {"cus_a": 2}),
    (("sale", "sale with buyer", "buyer"), {"cus_z": 2}),
    (("sale", "buyer", "dispute"), {"cus_b": -48}),
    (("sale", "dispute"), {"cus_c": -48}),
    (("sale", "buyer", "refund"), {"cus_b": -3}),
    (("sale", "buyer", "block"), {}),
    (("sale", "buyer", "block", "lift"), {"cus_b": 2}),
    (("sale", "buyer", "other buyer", "block"), {}),
)


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize(("names", "expected"), CASES, ids=lambda names: "+".join(names))
async def test_the_points_depend_neither_on_order_nor_on_repetition(
    batches: Batches, pool: asyncpg.Pool, names: tuple[str, ...], expected: dict[str, int], *, together: bool
) -> None:
    for order in permutations(names):
        tenant_id = uuid4()
        reports = [report(name, tenant_id) for name in (*order, *order)]
        if together:
            await asyncio.gather(*map(batches.add, reports))
        else:
            for each in reports:
                await batches.add(each)
        assert await points_of(pool, tenant_id) == expected, order


async def test_replicas_that_process_the_same_facts_at_once_agree(pool: asyncpg.Pool) -> None:
    random = Random(11)
    async with (
        GroupCommit(write_postings, pool, name="one", max_items=3) as one,
        GroupCommit(write_postings, pool, name="two", max_items=2) as two,
    ):
        for names, expected in CASES * 3:
            tenant_id = uuid4()
            reports = [(replica, report(name, tenant_id)) for replica in (one, two) for name in names]
            random.shuffle(reports)
            await asyncio.gather(*(replica.add(each) for replica, each in reports))
            assert await points_of(pool, tenant_id) == expected


async def test_the_points_are_announced_once_with_the_time_of_the_sale(batches: Batches) -> None:
    tenant_id = uuid4()
    sale = replace(report("sale", tenant_id), occurred_at=NOW - timedelta(days=2))
    posted = [await batches.add(each) for each in (sale, sale, report("buyer", tenant_id), report("buyer", tenant_id))]

    assert [(each.customer_id, each.cause, each.score_after, each.occurred_at) for each in updates(posted)] == [
        ("cus_b", "clean_payment", 52, sale.occurred_at)
    ]


async def test_a_sale_keeps_within_the_months_cap_and_moves_with_it(batches: Batches, pool: asyncpg.Pool) -> None:
    """Six sales of a customer earn ten points. Once one of them turns out to be another's, both have their own."""
    tenant_id = uuid4()
    # A user separated the two: their points are not capped together.
    await batches.add(decide(tenant_id, "cus_a", None, 0))
    for number in range(2, 7):
        await batches.add(of(fact(PaymentSucceeded, payment_id=f"stripe:pi_{number}", customer_id="cus_b"), tenant_id))
    for name in ("sale", "buyer"):
        await batches.add(report(name, tenant_id))
    assert await points_of(pool, tenant_id) == {"cus_b": 10}
    await batches.add(report("other buyer", tenant_id))
    assert await points_of(pool, tenant_id) == {"cus_a": 2, "cus_b": 10}


async def test_the_same_payment_of_another_tenant_keeps_waiting(batches: Batches, pool: asyncpg.Pool) -> None:
    tenant_id, other = uuid4(), uuid4()
    for each in (report("sale", tenant_id), report("sale", other), report("buyer", tenant_id)):
        await batches.add(each)

    assert (await points_of(pool, tenant_id), await points_of(pool, other)) == ({"cus_b": 2}, {})


async def test_a_verdict_that_is_withdrawn_gives_its_points_back(batches: Batches, pool: asyncpg.Pool) -> None:
    tenant_id = uuid4()
    for minute, (verdict, points) in enumerate(((PaymentVerdict.FRAUD, -50), (PaymentVerdict.WITHDRAWN, 0))):
        judged = JudgedPayment(NOW + timedelta(minutes=minute), SALE.payment_id, verdict, points)
        await batches.add(replace(posting(tenant_id=tenant_id), reversal=judged))
        assert await points_of(pool, tenant_id) == ({"cus_1": points} if points else {})
