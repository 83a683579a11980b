"""Customers that turn out to be one person, in a real database: in any order, twice, and at two replicas."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from random import Random
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from orylo_common.control.sections.trust import TrustPolicy
from orylo_common.messages import (
    CustomerMerged,
    CustomerMergeLimited,
    CustomerUnmerged,
    DisputeOpened,
    Message,
    PaymentEnriched,
    PaymentFact,
    PaymentRefunded,
    PaymentSucceeded,
    TrustStatus,
    TrustUpdated,
    decode,
)
from orylo_common.postgres.group_commit import GroupCommit
from orylo_common.postgres.pool import open_pool
from orylo_trust.domain.account import Standing, StatusChange
from orylo_trust.domain.ledger import entries_for
from orylo_trust.domain.people import MergeDecision
from orylo_trust.domain.reversals import reversal_of
from orylo_trust.handlers import links_of
from orylo_trust.posting import Posting, PostingResult
from orylo_trust.recompute import differences
from orylo_trust.standings import Standings
from orylo_trust.store import write_postings
from tests.integration.trust.test_standings import MemoryCache
from tests.integration.trust.test_store import Batches, posting
from tests.unit.trust.test_ledger import NOW, fact

pytestmark = pytest.mark.integration

POLICY = TrustPolicy()


def of(reported: PaymentFact, tenant_id: UUID) -> Posting:
    """Build the posting of a fact, as the handlers do."""
    made = posting(*entries_for(reported, POLICY), tenant_id=tenant_id, customer_id=reported.customer_id)
    enriches = isinstance(reported, PaymentEnriched)
    return replace(
        made,
        payment_id=reported.payment_id,
        occurred_at=reported.occurred_at,
        reversal=reversal_of(reported, POLICY),
        links=() if isinstance(reported, DisputeOpened) else links_of(reported),
        enriched_customer_id=reported.customer_id if enriches else None,
        limits=POLICY,
    )


def sale(number: int, customer_id: str, **aliases: str) -> PaymentFact:
    return fact(PaymentSucceeded, payment_id=f"stripe:pi_{number}", customer_id=customer_id, customer_aliases=aliases)


def decide(tenant_id: UUID, customer_id: str, same_as: str | None, minute: int) -> Posting:
    at = NOW + timedelta(minutes=minute)
    made = replace(posting(tenant_id=tenant_id, customer_id=customer_id, occurred_at=at), payment_id="")
    return replace(
        made, actor="ana", reason="the same phone", decision=MergeDecision(customer_id, same_as, at), limits=POLICY
    )


def block(tenant_id: UUID, customer_id: str) -> Posting:
    change = StatusChange(TrustStatus.BLOCKED, "ana", "fraud", NOW)
    return replace(posting(tenant_id=tenant_id, customer_id=customer_id), payment_id="", status_change=change)


def messages(posted: Sequence[PostingResult], kind: type[Message]) -> list[Any]:
    decoded = [decode(outgoing.body) for each in posted for outgoing in each.announced]
    return [message for message in decoded if isinstance(message, kind)]


async def people(pool: asyncpg.Pool, tenant_id: UUID) -> dict[str, str | None]:
    rows = await pool.fetch("SELECT customer_id, people FROM trust.accounts WHERE tenant_id = $1", tenant_id)
    return {row["customer_id"]: row["people"] and " ".join(row["people"]) for row in rows}


async def standing(pool: asyncpg.Pool, tenant_id: UUID, customer_id: str) -> Standing | None:
    return await Standings(pool, MemoryCache()).read(tenant_id, customer_id)


async def test_a_phone_reported_later_makes_two_customers_one_person(batches: Batches, pool: asyncpg.Pool) -> None:
    tenant_id = uuid4()
    await batches.add(of(sale(1, "cus_email"), tenant_id))
    await batches.add(of(sale(2, "cus_phone", phone="cus_phone"), tenant_id))
    await batches.add(block(tenant_id, "cus_phone"))
    assert set((await people(pool, tenant_id)).values()) == {None}

    posted = [await batches.add(of(sale(3, "cus_email", phone="cus_phone"), tenant_id))]

    assert set((await people(pool, tenant_id)).values()) == {"cus_email cus_phone"}
    merged = messages(posted, CustomerMerged)
    assert [(each.customer_id, each.people, each.version, each.actor) for each in merged] == [
        ("cus_email", ("cus_email", "cus_phone"), 1, None),
        ("cus_phone", ("cus_email", "cus_phone"), 1, None),
    ]
    # The block follows, and the score is that of both: 50 and three clean payments.
    updates = messages(posted, TrustUpdated)
    assert [(each.customer_id, each.cause, each.status) for each in updates] == [
        ("cus_email", "merged", "blocked"),
        ("cus_email", "clean_payment", "blocked"),
    ]
    assert updates[-1].score_after == 56
    for asked in ("cus_email", "cus_phone"):
        found = await standing(pool, tenant_id, asked)
        assert found is not None
        assert (found.score, found.status) == (56, "blocked")


async def test_later_changes_of_any_customer_are_those_of_the_person(batches: Batches, pool: asyncpg.Pool) -> None:
    tenant_id = uuid4()
    for number, customer_id in enumerate(("cus_a", "cus_b")):
        await batches.add(of(sale(number, customer_id, document="cus_document"), tenant_id))

    disputed = fact(DisputeOpened, dispute_id="dp_1", payment_id="stripe:pi_1", customer_id=None)
    posted = [await batches.add(of(disputed, tenant_id))]

    [update] = messages(posted, TrustUpdated)
    assert (update.customer_id, update.score_before, update.score_after) == ("cus_a", 54, 4)
    assert [(each.cause, each.points) for each in update.causes] == [("clean_payment", 4), ("dispute_opened", -50)]
    assert posted[0].customers == {(tenant_id, "cus_a"), (tenant_id, "cus_b")}
    assert [each async for each in differences(pool, tenant_id)] == []


async def test_an_unmerge_gives_each_customer_its_own_score_and_lasts(batches: Batches, pool: asyncpg.Pool) -> None:
    tenant_id = uuid4()
    for number, customer_id in enumerate(("cus_a", "cus_b")):
        await batches.add(of(sale(number, customer_id, phone="cus_phone"), tenant_id))
    await batches.add(of(fact(DisputeOpened, dispute_id="dp_1", payment_id="stripe:pi_1"), tenant_id))

    posted = [await batches.add(decide(tenant_id, "cus_b", None, 1))]

    unmerged = messages(posted, CustomerUnmerged)
    assert [(each.customer_id, each.version, each.actor, each.reason) for each in unmerged] == [
        ("cus_a", 2, "ana", "the same phone"), ("cus_b", 2, "ana", "the same phone"),
    ]  # fmt: skip
    assert {(each.customer_id, each.score_after) for each in messages(posted, TrustUpdated)} == {
        ("cus_a", 52), ("cus_b", 2),
    }  # fmt: skip
    await batches.add(of(sale(7, "cus_b", phone="cus_phone"), tenant_id))
    await batches.add(of(sale(8, "cus_a", phone="cus_phone", document="cus_document"), tenant_id))
    await batches.add(of(sale(9, "cus_b", document="cus_document"), tenant_id))
    assert set((await people(pool, tenant_id)).values()) == {None}

    await batches.add(decide(tenant_id, "cus_b", "cus_a", 2))
    assert set((await people(pool, tenant_id)).values()) == {"cus_a cus_b"}
    recorded = await pool.fetch(
        "SELECT version, people, actor FROM trust.merges WHERE tenant_id = $1 AND customer_id = 'cus_b' ORDER BY 1",
        tenant_id,
    )
    assert [tuple(row) for row in recorded] == [
        (1, ["cus_a", "cus_b"], None), (2, None, "ana"), (3, ["cus_a", "cus_b"], "ana"),
    ]  # fmt: skip
    assert [each async for each in differences(pool, tenant_id)] == []


async def test_a_shared_phone_merges_nobody_and_is_listed(batches: Batches, pool: asyncpg.Pool) -> None:
    tenant_id = uuid4()
    posted = [await batches.add(of(sale(n, f"cus_{n}", phone="cus_phone"), tenant_id)) for n in range(5)]

    assert set((await people(pool, tenant_id)).values()) == {None}
    limited = messages(posted, CustomerMergeLimited)
    assert {each.limit for each in limited} == {"customers_per_identifier"}
    assert len({each.limit_id for each in limited}) == 1
    assert limited[-1].customers == tuple(f"cus_{n}" for n in range(5))


async def test_a_later_event_that_names_the_buyer_links_the_customers(batches: Batches, pool: asyncpg.Pool) -> None:
    named = fact(PaymentEnriched, payment_id="stripe:pi_1", customer_id="cus_email")
    for reported in ([sale(1, "cus_gateway"), named], [named, sale(1, "cus_gateway")]):
        tenant_id = uuid4()
        for each in reported:
            await batches.add(of(each, tenant_id))
        assert await people(pool, tenant_id) == dict.fromkeys(("cus_email", "cus_gateway"), "cus_email cus_gateway")
        found = await standing(pool, tenant_id, "cus_email")
        assert found is not None
        assert found.score == 52
        at_once = uuid4()
        await asyncio.gather(*(batches.add(of(each, at_once)) for each in reported))
        assert await people(pool, at_once) == await people(pool, tenant_id)


async def test_an_incident_belongs_to_the_same_customer_in_any_order(batches: Batches, pool: asyncpg.Pool) -> None:
    """The sale names no customer, so a later event of it does; incidents name others."""
    facts = [
        fact(PaymentEnriched, customer_id="cus_z"),
        fact(DisputeOpened, dispute_id="dp_1", customer_id="cus_x"),
        fact(DisputeOpened, dispute_id="dp_2", customer_id="cus_y"),
        fact(DisputeOpened, dispute_id="dp_3", customer_id=None),
    ]
    for chosen, payer in ((facts, "cus_z"), (facts[1:], "cus_x")):
        for order in permutations(chosen):
            for at_once in (False, True):
                tenant_id = uuid4()
                postings = [of(each, tenant_id) for each in order]
                if at_once:
                    await asyncio.gather(*(batches.add(each) for each in postings))
                else:
                    for each in postings:
                        await batches.add(each)
                rows = await pool.fetch("SELECT DISTINCT customer_id FROM trust.ledger WHERE tenant_id = $1", tenant_id)
                assert [row["customer_id"] for row in rows] == [payer], [type(each).__name__ for each in order]
    assert [each async for each in differences(pool)] == []


async def test_a_user_merges_several_customers_and_links_still_count(batches: Batches, pool: asyncpg.Pool) -> None:
    tenant_id = uuid4()
    for number, (customer_id, alias) in enumerate((("cus_a", "p1"), ("cus_b", "p1"), ("cus_c", "p2"), ("cus_d", "p2"))):
        await batches.add(of(sale(number, customer_id, phone=alias), tenant_id))
    await batches.add(of(sale(9, "cus_e"), tenant_id))

    await batches.add(decide(tenant_id, "cus_c", "cus_a", 1))
    await batches.add(decide(tenant_id, "cus_e", "cus_a", 2))
    assert set((await people(pool, tenant_id)).values()) == {"cus_a cus_b cus_c cus_d cus_e"}

    await batches.add(decide(tenant_id, "cus_c", None, 3))
    found = await people(pool, tenant_id)
    assert (found["cus_c"], found["cus_d"], found["cus_a"]) == (None, None, "cus_a cus_b cus_e")


def life(tenant_id: UUID) -> list[Posting]:
    """Two people, one of them with four customers, and a phone that six strangers share."""
    facts = [
        sale(1, "cus_b", phone="cus_p1"),
        sale(2, "cus_p1", phone="cus_p1"),
        sale(3, "cus_c", phone="cus_p1", document="cus_d1"),
        sale(4, "cus_a", document="cus_d1"),
        sale(5, "cus_x", document="cus_d2"),
        sale(6, "cus_y", document="cus_d2"),
        *(sale(10 + number, f"cus_s{number}", phone="cus_shared") for number in range(6)),
        sale(20, "cus_s0", phone="cus_p9"),
        sale(21, "cus_x", phone="cus_shared"),
        sale(22, "cus_gateway"),
        fact(PaymentEnriched, payment_id="stripe:pi_22", customer_id="cus_y"),
        fact(DisputeOpened, dispute_id="dp_1", payment_id="stripe:pi_3", customer_id="cus_named"),
    ]
    decisions = [
        decide(tenant_id, "cus_s1", "cus_s2", 1),
        decide(tenant_id, "cus_s1", None, 2),
        decide(tenant_id, "cus_s3", "cus_s4", 1),
    ]
    return [*(of(each, tenant_id) for each in facts), *decisions, block(tenant_id, "cus_a")]


EXPECTED = {
    **dict.fromkeys(("cus_a", "cus_b", "cus_c", "cus_p1"), "cus_a cus_b cus_c cus_p1"),
    **dict.fromkeys(("cus_gateway", "cus_x", "cus_y"), "cus_gateway cus_x cus_y"),
    **dict.fromkeys(("cus_s3", "cus_s4"), "cus_s3 cus_s4"),
    **dict.fromkeys(("cus_s0", "cus_s1", "cus_s2", "cus_s5")),
}


async def test_people_scores_and_statuses_depend_neither_on_order_nor_on_repetition(
    pool: asyncpg.Pool, batches: Batches
) -> None:
    random = Random(20)
    shown: set[tuple[object, ...]] = set()
    for round_ in range(25):
        tenant_id = uuid4()
        postings = life(tenant_id) * 2
        random.shuffle(postings)
        if round_ % 2:
            await asyncio.gather(*(batches.add(each) for each in postings))
        else:
            for each in postings:
                await batches.add(each)
        found = await people(pool, tenant_id)
        found.pop("cus_named", None)
        assert found == EXPECTED
        each_shown = []
        for customer_id in sorted(EXPECTED):
            known = await standing(pool, tenant_id, customer_id)
            assert known is not None
            each_shown.append((customer_id, known.score, known.status.value))
        shown.add(tuple(each_shown))
        assert [each async for each in differences(pool, tenant_id)] == []
    assert len(shown) == 1
    assert {("cus_b", 8, "blocked"), ("cus_y", 58, "neutral"), ("cus_s3", 54, "neutral")} <= set(next(iter(shown)))


async def test_two_replicas_that_learn_of_a_person_at_once_agree(pool: asyncpg.Pool) -> None:
    random = Random(21)
    async with (
        GroupCommit(write_postings, pool, name="one", max_items=3) as one,
        GroupCommit(write_postings, pool, name="two", max_items=2) as two,
    ):
        for _ in range(10):
            tenant_id = uuid4()
            reports = [(replica, each) for replica in (one, two) for each in life(tenant_id)]
            random.shuffle(reports)
            left = reports
            while left:
                # A transaction that met another one is repeated, as a consumer does.
                posted = await asyncio.gather(*(replica.add(each) for replica, each in left), return_exceptions=True)
                left = [each for each, result in zip(left, posted, strict=True) if isinstance(result, Exception)]
            found = await people(pool, tenant_id)
            found.pop("cus_named", None)
            assert found == EXPECTED
    assert [each async for each in differences(pool)] == []


async def test_a_tenants_links_merge_no_other_tenants_customers(batches: Batches, pool: asyncpg.Pool) -> None:
    one, two = uuid4(), uuid4()
    await batches.add(of(sale(1, "cus_a", phone="cus_phone"), one))
    await batches.add(of(sale(1, "cus_b", phone="cus_phone"), two))

    assert await people(pool, one) == {"cus_a": None}
    assert await people(pool, two) == {"cus_b": None}


ERASE = "SELECT kind, erased FROM trust.erase_person($1, $2)"


async def erase(dsn: str, tenant_id: UUID, person: list[str], payments: list[str]) -> dict[str, int]:
    """Erase as the API does: the service's own role may not."""
    async with (
        open_pool(dsn, role="orylo_api", max_size=1) as pool,
        pool.acquire() as connection,
        connection.transaction(),
    ):
        await connection.execute("SELECT set_config('orylo.tenant_id', $1, true)", str(tenant_id))
        return {row["kind"]: row["erased"] for row in await connection.fetch(ERASE, person, payments)}


async def test_an_erased_person_leaves_only_points(batches: Batches, pool: asyncpg.Pool, postgres_dsn: str) -> None:
    tenant_id, other_tenant = uuid4(), uuid4()
    for tenant in (tenant_id, other_tenant):
        await batches.add(of(sale(1, "cus_a", phone="cus_phone"), tenant))
        await batches.add(of(sale(2, "cus_b", phone="cus_phone"), tenant))
        await batches.add(of(sale(3, "cus_c", phone="cus_of_c"), tenant))
    await batches.add(decide(tenant_id, "cus_a", None, 1))

    erased = await erase(postgres_dsn, tenant_id, ["cus_a"], ["stripe:pi_1"])

    assert (erased["accounts"], erased["ledger"], erased["merge_decisions"], erased["aliases"]) == (1, 1, 1, 1)
    aliases = await pool.fetch("SELECT alias_id, customers FROM trust.aliases WHERE tenant_id = $1", tenant_id)
    assert {row["alias_id"]: row["customers"] for row in aliases} == {"cus_phone": ["cus_b"], "cus_of_c": ["cus_c"]}
    entries = await pool.fetch(
        "SELECT customer_id, points FROM trust.ledger WHERE tenant_id = $1 AND source_id = 'stripe:pi_1'", tenant_id
    )
    assert [tuple(row) for row in entries] == [("erased", 2)]
    assert await people(pool, other_tenant) == {"cus_a": "cus_a cus_b", "cus_b": "cus_a cus_b", "cus_c": None}
    assert set((await erase(postgres_dsn, tenant_id, ["cus_a"], ["stripe:pi_1"])).values()) == {0}


async def test_later_events_of_an_erased_payment_do_not_bring_its_points_back(
    batches: Batches, pool: asyncpg.Pool, postgres_dsn: str
) -> None:
    tenant_id = uuid4()
    await batches.add(of(sale(1, "cus_a"), tenant_id))
    await erase(postgres_dsn, tenant_id, ["cus_a"], ["stripe:pi_1"])

    for refunded in (400, 1000):
        later = fact(PaymentRefunded, customer_id="cus_a", refunded_minor=refunded, full=refunded == 1000)
        await batches.add(of(later, tenant_id))

    totals = await pool.fetch("SELECT customer_id, total FROM trust.accounts WHERE tenant_id = $1", tenant_id)
    assert [tuple(row) for row in totals] == [("cus_a", 45)]
    assert [each async for each in differences(pool, tenant_id)] == []
