"""Refunds that fail, disputes decided again and blocked payments, in a real database."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations
from random import Random
from uuid import UUID, uuid4

import asyncpg
import pytest

from orylo_common.control.sections.trust import TrustPolicy
from orylo_common.messages import DisputeLost, DisputeOpened, DisputeWon, PaymentFact, PaymentRefunded, PaymentSucceeded
from orylo_common.postgres.group_commit import GroupCommit
from orylo_trust.domain.ledger import entries_for
from orylo_trust.domain.reversals import ExcusedRefund, reversal_of
from orylo_trust.posting import Block, Posting, PostingResult
from orylo_trust.recompute import differences
from orylo_trust.store import write_postings
from tests.integration.trust.test_store import Batches, clean, posting, updates
from tests.unit.trust.test_ledger import NOW, fact
from tests.unit.trust.test_reversals import dispute, failed, refunded

pytestmark = pytest.mark.integration


def of(reported: PaymentFact, tenant_id: UUID, customer_id: str | None = "cus_1") -> Posting:
    """Build the posting of a fact, as the handler does."""
    policy = TrustPolicy()
    made = posting(*entries_for(reported, policy), tenant_id=tenant_id, customer_id=customer_id)
    return replace(made, occurred_at=reported.occurred_at, reversal=reversal_of(reported, policy))


def paid(tenant_id: UUID) -> Posting:
    return posting(clean(1), tenant_id=tenant_id)


def block(tenant_id: UUID, payment: int = 1, *, version: int = 0, in_effect: bool = True) -> Posting:
    return replace(posting(tenant_id=tenant_id, payment=payment), block=Block(version, in_effect))


async def total_of(pool: asyncpg.Pool, tenant_id: UUID) -> int:
    total: int = await pool.fetchval(
        "SELECT total FROM trust.accounts WHERE tenant_id = $1 AND customer_id = 'cus_1'", tenant_id
    )
    return total


PAID = fact(PaymentSucceeded)
LIVES: tuple[tuple[Sequence[PaymentFact], int], ...] = (
    ([PAID, refunded(1, 1000), failed(2, "re_1", 1000)], 52),
    ([PAID, refunded(1, 300), refunded(2, 1000), failed(3, "re_2", 700)], 50),
    ([PAID, refunded(1, 1000), failed(2, "re_1", 1000), refunded(3, 1000)], 47),
    ([PAID, dispute(DisputeOpened, 1), dispute(DisputeLost, 2), dispute(DisputeWon, 3)], 52),
    ([PAID, dispute(DisputeOpened, 1), dispute(DisputeWon, 2), dispute(DisputeLost, 3)], 2),
)


@pytest.mark.parametrize(("facts", "expected"), LIVES)
async def test_the_score_depends_neither_on_order_nor_on_repetition(
    batches: Batches, pool: asyncpg.Pool, facts: Sequence[PaymentFact], expected: int
) -> None:
    tenant_ids = set()
    for order in permutations(facts):
        tenant_id = uuid4()
        tenant_ids.add(tenant_id)
        for each in (*order, *order):
            await batches.add(of(each, tenant_id))
        assert await total_of(pool, tenant_id) == expected, order
    assert [each async for each in differences(pool) if each.tenant_id in tenant_ids] == []


async def test_reports_without_a_customer_wait_for_their_payment(batches: Batches, pool: asyncpg.Pool) -> None:
    for facts, expected in LIVES:
        tenant_id = uuid4()
        for each in facts[1:]:
            assert await batches.add(of(each, tenant_id, customer_id=None)) == PostingResult()
        await batches.add(of(PAID, tenant_id))
        assert await total_of(pool, tenant_id) == expected
        assert await pool.fetchval("SELECT count(*) FROM trust.waiting WHERE tenant_id = $1", tenant_id) == 0


async def test_replicas_that_process_the_same_reports_at_once_agree(pool: asyncpg.Pool) -> None:
    random = Random(7)
    async with (
        GroupCommit(write_postings, pool, name="one", max_items=3) as one,
        GroupCommit(write_postings, pool, name="two", max_items=2) as two,
    ):
        for facts, expected in LIVES * 5:
            tenant_id = uuid4()
            reports = [(replica, of(each, tenant_id)) for replica in (one, two) for each in facts]
            random.shuffle(reports)
            posted = await asyncio.gather(*(replica.add(report) for replica, report in reports))
            assert await total_of(pool, tenant_id) == expected
            versions = sorted(update.version for update in updates(posted))
            assert versions == list(range(1, len(versions) + 1))


@pytest.mark.parametrize("together", [True, False])
async def test_the_newest_decision_gives_or_takes_a_payments_points_in_any_order(
    batches: Batches, pool: asyncpg.Pool, *, together: bool
) -> None:
    tenant_ids = set()
    for versions, expected in (((True,), 50), ((True, False), 52), ((True, False, True), 50), ((False,), 52)):
        for order in permutations(range(len(versions) + 1)):
            tenant_id = uuid4()
            tenant_ids.add(tenant_id)
            reports = [
                paid(tenant_id),
                *(
                    block(tenant_id, version=version, in_effect=in_effect)
                    for version, in_effect in enumerate(versions, 1)
                ),
            ]
            own = [reports[position] for position in (*order, *order)]
            if together:
                await asyncio.gather(*(batches.add(each) for each in own))
            else:
                for each in own:
                    await batches.add(each)
            # A payment that never gave points has no account.
            assert (
                await pool.fetchval(
                    "SELECT coalesce(max(total), 50) FROM trust.accounts WHERE tenant_id = $1", tenant_id
                )
                == expected
            ), (versions, order)
    assert [each async for each in differences(pool) if each.tenant_id in tenant_ids] == []


async def test_a_block_of_a_payment_without_a_customer_counts_once_its_buyer_is_known(
    batches: Batches, pool: asyncpg.Pool
) -> None:
    tenant_id = uuid4()
    await batches.add(replace(block(tenant_id, version=1), customer_id=None))
    await batches.add(paid(tenant_id))
    assert (
        await pool.fetchval("SELECT coalesce(max(total), 50) FROM trust.accounts WHERE tenant_id = $1", tenant_id) == 50
    )
    await batches.add(replace(block(tenant_id, version=2, in_effect=False), customer_id=None))
    assert await total_of(pool, tenant_id) == 52


async def test_a_failed_refund_is_announced_with_its_cause(batches: Batches) -> None:
    tenant_id = uuid4()
    posted = [
        await batches.add(of(each, tenant_id))
        for each in (PAID, fact(PaymentRefunded, refunded_minor=1000), failed(2, "re_1", 1000))
    ]
    assert [(each.cause, each.score_after) for each in updates(posted)] == [
        ("clean_payment", 52),
        ("refund", 47),
        ("refund_failed", 52),
    ]


async def test_a_blocked_payment_gives_no_points_in_either_order(batches: Batches, pool: asyncpg.Pool) -> None:
    for order in permutations((paid, block)):
        tenant_id = uuid4()
        for report in (*order, *order):
            await batches.add(report(tenant_id))
        assert await total_of(pool, tenant_id) == 50
        assert [each async for each in differences(pool) if each.tenant_id == tenant_id] == []

        together = uuid4()
        posted = await asyncio.gather(*(batches.add(report(together)) for report in (*order, *order)))
        assert updates(posted) == []
        assert await total_of(pool, together) == 50


async def test_a_refund_by_the_platform_costs_nothing_in_any_order(batches: Batches, pool: asyncpg.Pool) -> None:
    tenant_ids = set()
    for order in permutations(("paid", "block", "part", "refund", "excuse")):
        tenant_id = uuid4()
        tenant_ids.add(tenant_id)
        excuse = replace(posting(tenant_id=tenant_id, customer_id=None), reversal=ExcusedRefund(NOW, PAID.payment_id))
        postings = {
            "paid": of(PAID, tenant_id),
            "block": block(tenant_id),
            "part": of(refunded(1, 300), tenant_id, customer_id=None),
            "refund": of(refunded(2, 1000), tenant_id, customer_id=None),
            "excuse": excuse,
        }
        for name in (*order, *order):
            await batches.add(postings[name])
        assert await total_of(pool, tenant_id) == 50, order
    assert [each async for each in differences(pool) if each.tenant_id in tenant_ids] == []


async def test_points_taken_back_are_announced(batches: Batches) -> None:
    tenant_id = uuid4()
    posted = [await batches.add(posting(clean(1), tenant_id=tenant_id)), await batches.add(block(tenant_id))]
    assert [(each.cause, each.score_after) for each in updates(posted)] == [
        ("clean_payment", 52),
        ("payment_blocked", 50),
    ]


async def test_a_blocked_payment_does_not_use_up_the_months_cap(batches: Batches, pool: asyncpg.Pool) -> None:
    """Six clean payments reach the cap of ten points. Without two of them, eight points remain."""
    tenant_id = uuid4()
    for number in range(6):
        await batches.add(posting(clean(number), tenant_id=tenant_id, payment=number))
    assert await total_of(pool, tenant_id) == 60
    await batches.add(block(tenant_id, 2))
    assert await total_of(pool, tenant_id) == 60
    await batches.add(block(tenant_id, 3))
    assert await total_of(pool, tenant_id) == 58
    assert [each async for each in differences(pool) if each.tenant_id == tenant_id] == []


async def test_a_block_affects_only_its_own_payment(batches: Batches, pool: asyncpg.Pool) -> None:
    tenant_id, other = uuid4(), uuid4()
    await asyncio.gather(
        batches.add(posting(clean(1), tenant_id=tenant_id)),
        batches.add(posting(clean(2), tenant_id=tenant_id, payment=2)),
        batches.add(block(tenant_id, 2)),
        batches.add(posting(clean(2), tenant_id=other, payment=2)),
    )
    assert (await total_of(pool, tenant_id), await total_of(pool, other)) == (52, 52)


async def test_a_refund_of_a_blocked_payment_still_counts(batches: Batches, pool: asyncpg.Pool) -> None:
    tenant_id = uuid4()
    for report in (block(tenant_id), of(PAID, tenant_id), of(refunded(1, 1000), tenant_id)):
        await batches.add(report)
    assert await total_of(pool, tenant_id) == 45
