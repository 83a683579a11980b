import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from random import Random
from uuid import UUID, uuid4

import asyncpg
import pytest

from orylo_common.messages import TrustStatus, TrustUpdated, decode
from orylo_common.postgres.group_commit import GroupCommit
from orylo_trust.domain.account import StatusChange
from orylo_trust.domain.ledger import EntryCause, LedgerEntry, month_of
from orylo_trust.posting import Posting, PostingResult
from orylo_trust.recompute import differences
from orylo_trust.store import write_postings
from tests.support.outbox import waiting_messages

pytestmark = pytest.mark.integration

NOW = datetime(2026, 5, 10, 12, tzinfo=UTC)
Batches = GroupCommit[Posting, PostingResult]


def posting(
    *entries: LedgerEntry,
    tenant_id: UUID,
    customer_id: str | None = "cus_1",
    occurred_at: datetime = NOW,
    payment: int = 1,
) -> Posting:
    return Posting(
        tenant_id=tenant_id,
        customer_id=customer_id,
        start=50,
        message_id=uuid4(),
        correlation_id=uuid4(),
        occurred_at=occurred_at,
        entries=entries,
        payment_id=f"stripe:pi_{payment}",
        event_id="evt",
    )


def clean(number: int, moment: datetime = NOW) -> LedgerEntry:
    return LedgerEntry(EntryCause.CLEAN_PAYMENT, f"stripe:pi_{number}", 2, month_of(moment), 10)


def status_set(tenant_id: UUID, status: TrustStatus, set_at: datetime) -> Posting:
    return replace(
        posting(tenant_id=tenant_id), payment_id="", status_change=StatusChange(status, "ana", "chargebacks", set_at)
    )


def updates(posted: Iterable[PostingResult]) -> list[TrustUpdated]:
    messages = [decode(outgoing.body) for each in posted for outgoing in each.announced]
    return [message for message in messages if isinstance(message, TrustUpdated)]


DISPUTE = LedgerEntry(EntryCause.DISPUTE_OPENED, "dp_1", -50)
DISPUTE_WON = LedgerEntry(EntryCause.DISPUTE_WON, "dp_1", 50)


async def test_one_batch_announces_each_change_with_its_own_version(batches: Batches, pool: asyncpg.Pool) -> None:
    tenant_id = uuid4()
    announced = await asyncio.gather(
        batches.add(posting(clean(1), tenant_id=tenant_id)),
        batches.add(posting(DISPUTE, tenant_id=tenant_id)),
        batches.add(posting(clean(1), tenant_id=tenant_id)),
        batches.add(posting(DISPUTE, DISPUTE_WON, tenant_id=tenant_id)),
        batches.add(status_set(tenant_id, TrustStatus.BLOCKED, NOW)),
    )

    assert [(u.version, u.cause, u.score_before, u.score_after, u.status) for u in updates(announced)] == [
        (1, "clean_payment", 50, 52, "neutral"),
        (2, "dispute_opened", 52, 2, "neutral"),
        (3, "dispute_won", 2, 52, "neutral"),
        (4, "status_set", 52, 52, "blocked"),
    ]
    waiting = {message.message_id for message in await waiting_messages(pool, "trust")}
    assert {outgoing.message_id for each in announced for outgoing in each.announced} <= waiting


async def test_a_repeated_message_changes_and_announces_nothing(batches: Batches, pool: asyncpg.Pool) -> None:
    tenant_id = uuid4()
    for _ in range(3):
        last = await batches.add(posting(DISPUTE, tenant_id=tenant_id))

    assert last == PostingResult()
    account = await pool.fetch("SELECT score, version FROM trust.accounts WHERE tenant_id = $1", tenant_id)
    assert [tuple(row) for row in account] == [(0, 1)]
    assert await pool.fetchval("SELECT count(*) FROM trust.ledger WHERE tenant_id = $1", tenant_id) == 1


async def test_the_monthly_cap_holds_over_batches(batches: Batches, pool: asyncpg.Pool) -> None:
    tenant_id = uuid4()
    announced = [await batches.add(posting(clean(number), tenant_id=tenant_id, payment=number)) for number in range(8)]

    assert [len(each.announced) for each in announced] == [1] * 5 + [0] * 3
    assert await pool.fetchval("SELECT score FROM trust.accounts WHERE tenant_id = $1", tenant_id) == 60


async def test_an_older_status_that_arrives_late_changes_nothing(batches: Batches, pool: asyncpg.Pool) -> None:
    tenant_id = uuid4()
    await batches.add(status_set(tenant_id, TrustStatus.ALLOWLISTED, NOW))

    assert await batches.add(status_set(tenant_id, TrustStatus.BLOCKED, NOW - timedelta(seconds=1))) == PostingResult()
    rows = await pool.fetch(
        "SELECT status, status_actor, status_reason FROM trust.accounts WHERE tenant_id = $1", tenant_id
    )
    assert [tuple(row) for row in rows] == [("allowlisted", "ana", "chargebacks")]


async def test_customers_of_two_tenants_with_the_same_id_are_separate(batches: Batches, pool: asyncpg.Pool) -> None:
    one, other = uuid4(), uuid4()
    await asyncio.gather(batches.add(posting(DISPUTE, tenant_id=one)), batches.add(posting(clean(1), tenant_id=other)))

    scores = await pool.fetch("SELECT tenant_id, score FROM trust.accounts WHERE tenant_id = ANY($1)", [one, other])
    assert dict(map(tuple, scores)) == {one: 0, other: 52}


def without_customer(*entries: LedgerEntry, tenant_id: UUID) -> Posting:
    return posting(*entries, tenant_id=tenant_id, customer_id=None)


async def test_a_dispute_without_a_customer_belongs_to_the_payer(batches: Batches) -> None:
    tenant_id = uuid4()
    await batches.add(posting(clean(1), tenant_id=tenant_id))
    posted = await batches.add(without_customer(DISPUTE, tenant_id=tenant_id))

    assert posted.customers == {(tenant_id, "cus_1")}
    assert [(update.customer_id, update.score_after) for update in updates([posted])] == [("cus_1", 2)]
    assert await batches.add(without_customer(DISPUTE, tenant_id=tenant_id)) == PostingResult()


async def test_a_dispute_reported_before_its_payment_waits_for_it(batches: Batches, pool: asyncpg.Pool) -> None:
    tenant_id = uuid4()
    for _ in range(2):
        assert await batches.add(without_customer(DISPUTE, DISPUTE_WON, tenant_id=tenant_id)) == PostingResult()
    posted = await batches.add(posting(clean(1), tenant_id=tenant_id))

    assert [update.version for update in updates([posted])] == [1, 2, 3]
    assert await pool.fetchval("SELECT score FROM trust.accounts WHERE tenant_id = $1", tenant_id) == 52
    assert await pool.fetchval("SELECT count(*) FROM trust.waiting WHERE tenant_id = $1", tenant_id) == 0


async def test_a_batch_may_hold_payment_and_dispute_in_either_order(batches: Batches) -> None:
    one, other = uuid4(), uuid4()
    posted = await asyncio.gather(
        batches.add(without_customer(DISPUTE, tenant_id=one)),
        batches.add(posting(clean(1), tenant_id=one)),
        batches.add(posting(clean(1), tenant_id=other)),
        batches.add(without_customer(DISPUTE, tenant_id=other)),
    )
    again = await batches.add(posting(clean(1), tenant_id=other))

    assert [len(each.announced) for each in posted] == [1, 1, 1, 1]
    assert again == PostingResult()


async def test_a_dispute_belongs_to_the_payer_in_any_order_of_reports(batches: Batches, pool: asyncpg.Pool) -> None:
    reports = [
        (clean(1), "cus_payer"),
        (DISPUTE, "cus_evidence"),
        (DISPUTE_WON, "cus_other"),
        (LedgerEntry(EntryCause.REFUND, "stripe:pi_1", -5), None),
        (LedgerEntry(EntryCause.FRAUD_WARNING, "issfr_1", -30), "cus_other"),
    ]
    tenant_ids = set()
    for order in permutations(reports):
        tenant_id = uuid4()
        tenant_ids.add(tenant_id)
        announced = [await batches.add(posting(e, tenant_id=tenant_id, customer_id=c)) for e, c in order]

        accounts = dict(
            map(
                tuple, await pool.fetch("SELECT customer_id, total FROM trust.accounts WHERE tenant_id = $1", tenant_id)
            )
        )
        assert accounts.pop("cus_payer") == 50 + 2 - 50 + 50 - 5 - 30
        assert set(accounts.values()) <= {50}
        versions = Counter((update.customer_id, update.version) for update in updates(announced))
        assert set(versions.values()) == {1}
    assert [each async for each in differences(pool) if each.tenant_id in tenant_ids] == []


async def test_a_dispute_of_an_unknown_payment_belongs_to_the_customer_it_names(batches: Batches) -> None:
    tenant_id = uuid4()
    posted = [
        await batches.add(posting(DISPUTE, tenant_id=tenant_id, customer_id="cus_named")),
        await batches.add(posting(DISPUTE, DISPUTE_WON, tenant_id=tenant_id, customer_id="cus_other")),
    ]

    assert [(each.customer_id, each.cause) for each in updates(posted)] == [
        ("cus_named", "dispute_opened"),
        ("cus_named", "dispute_won"),
    ]


async def test_a_move_to_the_payer_is_announced_for_both_customers(batches: Batches) -> None:
    tenant_id = uuid4()
    await batches.add(posting(DISPUTE, tenant_id=tenant_id, customer_id="cus_named"))
    posted = await batches.add(posting(clean(1), tenant_id=tenant_id, customer_id="cus_payer"))

    assert posted.customers == {(tenant_id, "cus_named"), (tenant_id, "cus_payer")}
    assert [(each.customer_id, each.version, each.cause, each.score_after) for each in updates([posted])] == [
        ("cus_payer", 1, "clean_payment", 52),
        ("cus_named", 2, "moved_to_payer", 50),
        ("cus_payer", 2, "dispute_opened", 2),
    ]


async def test_replicas_that_process_a_payment_at_once_agree_on_its_customer(pool: asyncpg.Pool) -> None:
    tenant_id = uuid4()
    reports = [(DISPUTE, "cus_a"), (DISPUTE_WON, "cus_b"), (clean(1), "cus_payer"), (DISPUTE, None)]
    async with (
        GroupCommit(write_postings, pool, name="one", max_items=1, writers=4) as one,
        GroupCommit(write_postings, pool, name="two", max_items=1, writers=4) as two,
    ):
        for number in range(30):
            await asyncio.gather(
                *(
                    replica.add(
                        posting(
                            replace(entry, source_id=f"{entry.source_id}/{number}"),
                            tenant_id=tenant_id,
                            customer_id=customer_id,
                            payment=number,
                        )
                    )
                    for entry, customer_id in reports
                    for replica in (one, two)
                )
            )

    owners = await pool.fetch("SELECT DISTINCT customer_id FROM trust.ledger WHERE tenant_id = $1", tenant_id)
    assert [row["customer_id"] for row in owners] == ["cus_payer"]
    assert await pool.fetchval("SELECT count(*) FROM trust.waiting WHERE tenant_id = $1", tenant_id) == 0
    assert [each async for each in differences(pool) if each.tenant_id == tenant_id] == []


async def test_replicas_posting_the_same_shuffled_messages_agree_with_the_ledger(pool: asyncpg.Pool) -> None:
    random = Random(7)
    tenant_id = uuid4()
    months = [NOW + timedelta(days=31 * ahead) for ahead in range(3)]
    postings = [
        posting(
            random.choice([clean(number, moment), replace(DISPUTE, source_id=f"dp_{number}")]),
            tenant_id=tenant_id,
            customer_id=f"cus_{random.randrange(10)}",
            occurred_at=moment,
            payment=number,
        )
        for number in range(300)
        for moment in [random.choice(months)]
    ]
    announced: list[TrustUpdated] = []
    async with (
        GroupCommit(write_postings, pool, name="one", max_items=17) as one,
        GroupCommit(write_postings, pool, name="two", max_items=23) as two,
    ):
        for replica in (one, two):
            random.shuffle(postings)
            announced += updates(await asyncio.gather(*map(replica.add, postings[:150])))
        both = [replica.add(each) for replica in (one, two) for each in random.sample(postings, len(postings))]
        announced += updates(await asyncio.gather(*both))

    assert [difference async for difference in differences(pool) if difference.tenant_id == tenant_id] == []
    assert await pool.fetchval("SELECT count(*) FROM trust.ledger WHERE tenant_id = $1", tenant_id) == len(postings)
    versions = Counter((update.customer_id, update.version) for update in announced)
    assert set(versions.values()) == {1}
    for customer_id, version in await pool.fetch(
        "SELECT customer_id, version FROM trust.accounts WHERE tenant_id = $1", tenant_id
    ):
        assert {(customer_id, number + 1) for number in range(version)} <= set(versions)


async def test_a_score_that_differs_from_the_ledger_is_found(batches: Batches, pool: asyncpg.Pool) -> None:
    tenant_id = uuid4()
    await batches.add(posting(DISPUTE, tenant_id=tenant_id))
    await pool.execute("UPDATE trust.accounts SET score = 77 WHERE tenant_id = $1", tenant_id)

    found = [difference async for difference in differences(pool) if difference.tenant_id == tenant_id]
    assert [(difference.stored, difference.recomputed) for difference in found] == [(77, 0)]
