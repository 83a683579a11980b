"""Rollups of payments and conversions agree with their rows, after any messages in any order."""

import asyncio
import random
import re
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from orylo_api.payments.models import PaymentState
from orylo_api.payments.reversals import outcome_of
from orylo_api.projection.batch import write_batch
from orylo_api.read_models.claims import Projectable
from orylo_api.read_models.rebuilding import OLDEST, oldest_period, periods, rebuild_period
from orylo_api.read_models.rollups import ROLLUPS, SUM_CHANGED
from orylo_common.ids import uuid7
from orylo_common.messages import (
    ConversionDispatched,
    ConversionMatched,
    Decision,
    Message,
    PaymentFailed,
    PaymentRefunded,
    PaymentSucceeded,
    PaymentVerdict,
    ProviderActionStatus,
)
from orylo_common.postgres.errors import TRANSIENT_ERRORS
from orylo_common.postgres.pool import open_pool
from tests.integration.api.test_projections import a_shops_day, empty_tables, events_of_one_payment
from tests.unit.api.builders import TENANT, action_changed, after, conversion, detection, payment, verdict

pytestmark = pytest.mark.integration

KILL = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


@pytest.fixture
async def pool(postgres_dsn: str) -> AsyncIterator[asyncpg.Pool]:
    await empty(postgres_dsn)
    async with open_pool(postgres_dsn, role="orylo_api_projector") as pool:
        yield pool


async def empty(dsn: str) -> None:
    await empty_tables(dsn)
    connection = await asyncpg.connect(dsn)
    await connection.execute(f"TRUNCATE api.fraud_evidence, {', '.join(rollup.table for rollup in ROLLUPS)}")
    await connection.close()


async def write(pool: asyncpg.Pool, batch: Sequence[Projectable]) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await write_batch(connection, batch)


async def stored(pool: asyncpg.Pool) -> list[list[tuple[Any, ...]]]:
    """Return the rows of each rollup that are not all 0."""
    return [
        sorted(
            tuple(row)
            for row in await pool.fetch(f"SELECT * FROM {rollup.table}")
            if any(row[name] for name in rollup.measures)
        )
        for rollup in ROLLUPS
    ]


async def rebuild(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        start = await oldest_period(connection)
        assert start
        for each in periods(start, datetime.now(UTC) + timedelta(days=2)):
            await rebuild_period(connection, *each, None)


async def sums(pool: asyncpg.Pool, *names: str, table: str = "payment_rollups", grain: str = "hour") -> dict[str, int]:
    columns = ", ".join(f"coalesce(sum({name}), 0)::bigint AS {name}" for name in names)
    (row,) = await pool.fetch(f"SELECT {columns} FROM api.{table} WHERE grain = $1", grain)
    return dict(row)


async def test_any_order_and_any_repetition_agree_with_the_rows(pool: asyncpg.Pool, postgres_dsn: str) -> None:
    judged = [verdict(PaymentVerdict.LEGITIMATE, payment_id=f"stripe:pi_{number}") for number in range(4)]
    declined = payment(PaymentFailed, payment_id="stripe:pi_declined", failure_code="expired_card")
    messages = [*a_shops_day(), *judged, declined]
    shuffler = random.Random(11)
    expected: list[list[tuple[Any, ...]]] | None = None
    for _ in range(3):
        await empty(postgres_dsn)
        shuffled = messages + shuffler.choices(messages, k=40)
        shuffler.shuffle(shuffled)
        while shuffled:
            size = shuffler.randint(1, 40)
            await write(pool, shuffled[:size])
            del shuffled[:size]
        found = await stored(pool)
        expected = expected or found
        assert all(found)
        assert found == expected
    await rebuild(pool)
    assert await stored(pool) == expected


async def test_a_projection_that_is_killed_at_random_counts_everything_once(
    pool: asyncpg.Pool, postgres_dsn: str
) -> None:
    messages, killed = a_shops_day(), 0
    await write(pool, messages)
    expected = await stored(pool)
    await empty(postgres_dsn)
    shuffler = random.Random(13)
    left = messages + shuffler.choices(messages, k=40)
    shuffler.shuffle(left)
    superuser = await asyncpg.connect(postgres_dsn)
    while left:
        batch = left[: shuffler.randint(1, 30)]
        projecting = asyncio.create_task(write(pool, batch))
        if shuffler.random() < 0.5:
            await asyncio.sleep(shuffler.random() * 0.02)
            await superuser.execute(KILL)
        try:
            await projecting
        except TRANSIENT_ERRORS:
            # The messages are delivered again, with others.
            killed += 1
            shuffler.shuffle(left)
        else:
            left = left[len(batch) :]
    await superuser.close()
    assert killed
    # The last kill may have hit a connection that the pool holds.
    async with open_pool(postgres_dsn, role="postgres", max_size=1) as unhurt:
        assert await stored(unhurt) == expected


async def test_replicas_that_share_payments_lose_nothing(pool: asyncpg.Pool) -> None:
    messages = a_shops_day()
    shuffler = random.Random(3)

    async def replica() -> None:
        own = shuffler.sample(messages, len(messages))
        for start in range(0, len(own), 15):
            await write(pool, own[start : start + 15])

    await asyncio.gather(replica(), replica(), replica())
    found = await stored(pool)
    await rebuild(pool)
    assert await stored(pool) == found


async def test_a_rebuild_under_traffic_gives_the_same(pool: asyncpg.Pool) -> None:
    messages = a_shops_day()
    await write(pool, messages[:60])
    # What an earlier version forgot.
    await pool.execute("DELETE FROM api.payment_rollups")
    traffic = asyncio.create_task(_in_small_batches(pool, messages[60:]))
    await rebuild(pool)
    await traffic
    found = await stored(pool)
    assert (await sums(pool, "payments"))["payments"] > 0
    await rebuild(pool)
    assert await stored(pool) == found


async def _in_small_batches(pool: asyncpg.Pool, messages: Sequence[Projectable]) -> None:
    for start in range(0, len(messages), 4):
        await write(pool, messages[start : start + 4])


async def test_a_batch_that_is_rolled_back_changes_nothing(pool: asyncpg.Pool) -> None:
    messages = a_shops_day()
    await write(pool, messages[:50])
    before = await stored(pool)
    async with pool.acquire() as connection:
        killed = connection.transaction()
        await killed.start()
        await write_batch(connection, messages)
        await killed.rollback()
    assert await stored(pool) == before


async def test_a_refund_weeks_later_counts_when_the_payment_was_made(pool: asyncpg.Pool) -> None:
    paid_at = after(0)
    await write(pool, [payment(PaymentSucceeded, occurred_at=paid_at, amount_minor=1250)])
    await write(pool, [payment(PaymentRefunded, occurred_at=paid_at + timedelta(days=40), refunded_minor=1250)])
    rows = await pool.fetch("SELECT * FROM api.payment_rollups WHERE grain = 'hour'")
    (row,) = [row for row in rows if row["payments"]]
    assert row["bucket"] == paid_at.replace(minute=0, second=0, microsecond=0)
    assert (row["succeeded"], row["refunded"], row["succeeded_minor"], row["refunded_minor"]) == (1, 1, 1250, 1250)


async def test_a_payment_that_is_paid_later_moves_to_that_hour(pool: asyncpg.Pool) -> None:
    await write(pool, [payment(PaymentFailed, occurred_at=after(0), failure_code="insufficient_funds")])
    (declined,) = await pool.fetch("SELECT decline_code, failed FROM api.decline_rollups WHERE grain = 'hour'")
    assert tuple(declined) == ("insufficient_funds", 1)
    await write(pool, [payment(PaymentSucceeded, occurred_at=after(300))])
    assert await sums(pool, "payments", "failed", "succeeded") == {"payments": 1, "failed": 0, "succeeded": 1}
    assert await sums(pool, "failed", table="decline_rollups") == {"failed": 0}


@pytest.mark.parametrize(
    ("events", "stopped"),
    [
        ([payment(PaymentSucceeded)], {}),
        ([payment(PaymentFailed)], {"declined": 1250}),
        ([payment(PaymentSucceeded), payment(PaymentRefunded, refunded_minor=400, full=False)], {"refunded": 400}),
        ([payment(PaymentSucceeded), action_changed(status=ProviderActionStatus.DONE)], {"at_provider": 1250}),
        ([payment(PaymentSucceeded), action_changed(status=ProviderActionStatus.FAILED)], {}),
        ([payment(PaymentFailed), verdict(PaymentVerdict.LEGITIMATE)], {}),
    ],
)
async def test_fraud_counts_as_stopped_only_if_the_money_was_not_kept(
    pool: asyncpg.Pool, events: list[Projectable], stopped: dict[str, int]
) -> None:
    await write(pool, [*events, detection(decision=Decision.BLOCK)])
    names = [f"stopped_{how}_minor" for how in ("declined", "canceled", "refunded", "at_provider")]
    expected = {name: stopped.get(name.removeprefix("stopped_").removesuffix("_minor"), 0) for name in names}
    assert await sums(pool, *names) == expected


async def test_what_a_person_judged_counts(pool: asyncpg.Pool) -> None:
    await write(pool, [payment(PaymentFailed), detection(decision=Decision.REVIEW)])
    await write(pool, [verdict(PaymentVerdict.LEGITIMATE, occurred_at=after(1))])
    assert await sums(pool, "false_alarms", "stopped_declined") == {"false_alarms": 1, "stopped_declined": 0}
    await write(pool, [verdict(PaymentVerdict.FRAUD, occurred_at=after(2))])
    assert await sums(pool, "false_alarms", "stopped_declined") == {"false_alarms": 0, "stopped_declined": 1}


async def test_the_latency_is_that_of_the_delivery(pool: asyncpg.Pool) -> None:
    number = uuid7()
    created_at = datetime.fromtimestamp((number.int >> 80) / 1000, UTC)
    await write(pool, [conversion(ConversionMatched, conversion_id=number, occurred_at=created_at)])
    assert await pool.fetchval("SELECT count(*) FROM api.delivery_rollups") == 0
    await write(
        pool,
        [conversion(ConversionDispatched, conversion_id=number, occurred_at=created_at + timedelta(milliseconds=500))],
    )
    (row,) = await pool.fetch("SELECT * FROM api.delivery_rollups WHERE grain = 'hour'")
    assert 500 / 1.2 <= 1.2 ** (row["latency"] - 1) < 500 <= 1.2 ** row["latency"]


async def test_long_texts_of_gateways_do_not_overflow_the_key(pool: asyncpg.Pool) -> None:
    await write(pool, [payment(PaymentFailed, payment_method="m" * 3000, failure_code="c" * 3000)])
    assert await sums(pool, "failed") == {"failed": 1}


async def test_the_database_and_python_agree_on_the_outcome_of_refunds_and_disputes(pool: asyncpg.Pool) -> None:
    events = events_of_one_payment()
    shuffler = random.Random(5)
    for number in range(60):
        chosen = shuffler.sample(events, shuffler.randint(1, len(events)))
        for event in chosen:
            assert isinstance(event, Message)
            await write(pool, [event.model_copy(update={"payment_id": f"stripe:pi_{number}", "message_id": uuid7()})])
    rows = await pool.fetch(
        "SELECT * FROM api.payments_view CROSS JOIN LATERAL api.payment_outcome(state, refunded_minor, reversals)"
    )
    assert len(rows) == 60
    for row in rows:
        expected = outcome_of(PaymentState(row["state"]), row["updated_at"], row["refunded_minor"], row["reversals"])
        assert (row["outcome"], row["refunded"]) == (expected.state, expected.refunded_minor)
    assert {row["tenant_id"] for row in rows} == {TENANT}


async def test_a_rebuild_begins_with_the_oldest_row(pool: asyncpg.Pool) -> None:
    at = datetime(2026, 3, 5, 23, 59, tzinfo=UTC)
    async with pool.acquire() as connection:
        assert await oldest_period(connection) is None
        other = uuid7()
        await write(
            pool, [payment(PaymentSucceeded, occurred_at=at + number * timedelta(days=1)) for number in range(3)]
        )
        await write(pool, [payment(PaymentSucceeded, tenant_id=other, occurred_at=at - timedelta(days=1))])
        assert await oldest_period(connection) == datetime(2026, 3, 4, tzinfo=UTC)
        # Sums without their rows, which a rebuild has to delete.
        await connection.execute("DELETE FROM api.payments_view")
        assert await oldest_period(connection) == datetime(2026, 3, 4, tzinfo=UTC)


async def test_the_oldest_row_is_found_by_index(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL enable_seqscan = off")
        plan = await connection.fetch(f"EXPLAIN {OLDEST}")
        assert not [row for (row,) in plan if "Seq Scan" in row or "Sort" in row]


async def test_rows_are_looked_up_by_their_whole_key_by_a_plan_made_for_empty_tables(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        await connection.execute(f"PREPARE changed (uuid[], text[], uuid[], uuid[]) AS {SUM_CHANGED}")
        plan = await connection.fetch("EXPLAIN EXECUTE changed ('{}', '{}', '{}', '{}')")
        await connection.execute("DEALLOCATE changed")
    conditions = [row for (row,) in plan if "Index Cond" in row]
    assert [row for row in conditions if re.search(r"\bid >= changed", row)]
    assert [row for row in conditions if re.search(r"payment_id\)?(::text)? = \(?changed", row)]
    assert not [row for row in conditions if " AND " not in row]
    assert not [row for (row,) in plan if "Seq Scan" in row]
