"""Corrections, verdicts and statuses that end, in a real database."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from uuid import UUID, uuid4

import asyncpg
import pytest

from orylo_cli.migrations import all_migrations
from orylo_common.broker.ports import Outgoing
from orylo_common.control.sections.trust import TrustPolicy
from orylo_common.messages import DisputeOpened, PaymentSucceeded, PaymentVerdict, TrustStatus
from orylo_common.postgres.group_commit import GroupCommit
from orylo_common.postgres.migrations import MigrationSet, migrate, roll_back
from orylo_common.postgres.pool import open_pool
from orylo_trust.domain.account import Standing, StatusChange
from orylo_trust.domain.ledger import EntryCause, LedgerEntry
from orylo_trust.domain.reversals import judgement_of
from orylo_trust.expiry import expire_statuses
from orylo_trust.migrations import MIGRATIONS
from orylo_trust.posting import Posting, PostingResult
from orylo_trust.recompute import differences
from orylo_trust.store import write_postings
from tests.integration.trust.test_store import Batches, posting, updates
from tests.integration.trust.test_undone import of
from tests.unit.trust.test_causes import FRAUD, LEGITIMATE, verdict
from tests.unit.trust.test_ledger import fact

pytestmark = pytest.mark.integration


def correction(tenant_id: UUID, points: int, correction_id: UUID) -> Posting:
    entry = LedgerEntry(EntryCause.CORRECTION, str(correction_id), points)
    return replace(posting(entry, tenant_id=tenant_id), payment_id="", actor="ana", reason="a good customer")


def judged(tenant_id: UUID, minute: int, given: PaymentVerdict, customer_id: str | None = None) -> Posting:
    known = verdict(minute, given)
    made = posting(tenant_id=tenant_id, customer_id=customer_id)
    return replace(made, occurred_at=known.occurred_at, reversal=judgement_of(known, TrustPolicy()))


async def causes_of(pool: asyncpg.Pool, tenant_id: UUID, customer_id: str = "cus_1") -> dict[str, int]:
    found: dict[str, int] = await pool.fetchval(
        "SELECT causes FROM trust.accounts WHERE tenant_id = $1 AND customer_id = $2", tenant_id, customer_id
    )
    return found


async def test_a_correction_counts_once_with_its_author_and_reason(batches: Batches, pool: asyncpg.Pool) -> None:
    tenant_id, correction_id = uuid4(), uuid4()
    announced = [await batches.add(correction(tenant_id, 20, correction_id)) for _ in range(3)]

    [update] = updates(announced)
    assert (update.cause, update.score_before, update.score_after) == ("correction", 50, 70)
    assert (update.actor, update.reason) == ("ana", "a good customer")
    assert (update.start, [(each.cause, each.points) for each in update.causes]) == (50, [("correction", 20)])
    row = await pool.fetchrow("SELECT actor, reason FROM trust.ledger WHERE tenant_id = $1", tenant_id)
    assert row is not None
    assert tuple(row) == ("ana", "a good customer")


async def test_the_newest_verdict_counts_for_the_payer_in_any_order(batches: Batches, pool: asyncpg.Pool) -> None:
    paid = of(fact(PaymentSucceeded), uuid4())
    for facts in (
        (("judged", 1, FRAUD), ("judged", 2, LEGITIMATE), "paid"),
        (("judged", 2, LEGITIMATE), ("judged", 3, LEGITIMATE), "paid"),
    ):
        for order in permutations(facts):
            tenant_id = uuid4()
            for each in (*order, *order):
                made = replace(paid, tenant_id=tenant_id) if each == "paid" else judged(tenant_id, each[1], each[2])  # type: ignore[arg-type]
                await batches.add(made)
            assert await causes_of(pool, tenant_id) == {"clean_payment": 2, "verdict": 5}
    assert [each async for each in differences(pool)] == []


def blocked_until(tenant_id: UUID, end: datetime | None, *, set_at: datetime) -> Posting:
    change = StatusChange(TrustStatus.BLOCKED, "ana", "chargeback", set_at, end)
    return replace(posting(tenant_id=tenant_id), payment_id="", status_change=change)


class Plane:
    def settings(self, tenant_id: UUID, model: type[TrustPolicy], /) -> TrustPolicy:
        return TrustPolicy()


class Cache:
    async def get(self, tenant_id: UUID, customer_id: str) -> Standing | None:
        raise NotImplementedError

    async def put(self, tenant_id: UUID, customer_id: str, standing: Standing) -> None:
        raise NotImplementedError

    def forget(self, tenant_id: UUID, customer_id: str) -> None:
        pass


async def test_two_replicas_end_a_status_once_when_it_is_due(pool: asyncpg.Pool) -> None:
    tenant_id, now = uuid4(), datetime.now(UTC)
    offered: list[Outgoing] = []

    def offer(messages: Sequence[Outgoing]) -> None:
        offered.extend(messages)

    async with (
        GroupCommit(write_postings, pool, name="one") as one,
        GroupCommit(write_postings, pool, name="two") as two,
    ):
        await one.add(blocked_until(tenant_id, now - timedelta(seconds=1), set_at=now - timedelta(hours=1)))
        later = uuid4()
        await one.add(blocked_until(later, now + timedelta(hours=1), set_at=now))
        for_ever = uuid4()
        await one.add(blocked_until(for_ever, None, set_at=now))
        await asyncio.gather(
            *(
                expire_statuses(pool=pool, plane=Plane(), ledger=ledger, offer=offer, cache=Cache())
                for ledger in (one, two)
            )
        )

    ids = [tenant_id, later, for_ever]
    rows = await pool.fetch("SELECT tenant_id, status FROM trust.accounts WHERE tenant_id = ANY($1)", ids)
    assert {row["tenant_id"]: row["status"] for row in rows} == {
        tenant_id: "neutral", later: "blocked", for_ever: "blocked",
    }  # fmt: skip
    ended = [each for each in updates([PostingResult(announced=tuple(offered))]) if each.tenant_id == tenant_id]
    assert [(each.cause, each.status, each.version, each.actor) for each in ended] == [
        ("status_expired", "neutral", 2, None)
    ]
    assert ended[0].occurred_at == now - timedelta(seconds=1)


async def test_the_sums_by_cause_of_earlier_ledgers_are_computed(empty_postgres_dsn: str) -> None:
    before = MigrationSet(MIGRATIONS.schema, MIGRATIONS.package)
    before.__dict__["migrations"] = MIGRATIONS.migrations[:3]
    everything = all_migrations()
    await migrate(empty_postgres_dsn, [before if each.schema == "trust" else each for each in everything])
    connection, tenant_id = await asyncpg.connect(empty_postgres_dsn), uuid4()
    add_account = "INSERT INTO trust.accounts (tenant_id, customer_id, start, total, score) VALUES ($1, $2, 50, $3, $4)"
    await connection.execute(add_account, tenant_id, "cus_1", 5, 5)
    await connection.execute(add_account, tenant_id, "cus_2", 50, 50)
    await connection.execute("INSERT INTO trust.months VALUES ($1, 'cus_1', '2026-05-01', 14, 10)", tenant_id)
    for cause, source_id, points in (
        ("dispute_opened", "dp_1", -50), ("dispute_won", "dp_1", 50), ("dispute_lost", "dp_1", -50),
        ("refund", "a", -5), ("refund", "b", -5), ("refund_failed", "b", 5),
    ):  # fmt: skip
        await connection.execute(
            """INSERT INTO trust.ledger (tenant_id, customer_id, cause, source_id, points, payment_id, event_id,
                                         occurred_at)
               VALUES ($1, 'cus_1', $2, $3, $4, 'stripe:pi_1', 'evt', now())""",
            tenant_id, cause, source_id, points,
        )  # fmt: skip
    for number in range(7):
        await connection.execute(
            """INSERT INTO trust.ledger (tenant_id, customer_id, cause, source_id, points, month, monthly_cap,
                                         payment_id, event_id, occurred_at)
               VALUES ($1, 'cus_1', 'clean_payment', $2, 2, '2026-05-01', 10, $2, 'evt', now())""",
            tenant_id, f"stripe:pi_{number}",
        )  # fmt: skip
    await migrate(empty_postgres_dsn, everything)

    async with open_pool(empty_postgres_dsn, role="orylo_trust") as pool:
        assert await causes_of(pool, tenant_id) == {"clean_payment": 10, "dispute_opened": -50, "refund": -5}
        assert await causes_of(pool, tenant_id, "cus_2") == {}
        assert [each async for each in differences(pool)] == []
        async with GroupCommit(write_postings, pool, name="trust") as batches:
            await batches.add(correction(tenant_id, 20, uuid4()))
    # An earlier version cannot publish what waits.
    await connection.execute("DELETE FROM trust.outbox")
    await roll_back(empty_postgres_dsn, MIGRATIONS, to=3)
    assert await connection.fetchval("SELECT total FROM trust.accounts WHERE customer_id = 'cus_1'") == 5
    await connection.close()


async def test_a_dispute_and_its_verdict_count_each(batches: Batches, pool: asyncpg.Pool) -> None:
    tenant_id = uuid4()
    await batches.add(of(fact(DisputeOpened, dispute_id="dp_1"), tenant_id))
    await batches.add(judged(tenant_id, 1, FRAUD, "cus_1"))

    assert await causes_of(pool, tenant_id) == {"dispute_opened": -50, "verdict": -50}
