"""Read models in a real database: duplicates are harmless and order does not matter."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from orylo_api.dead_letters.projection import DeadLetterRow
from orylo_api.payments.models import Payment
from orylo_api.payments.queries import find_payment
from orylo_api.projection.batch import write_batch
from orylo_api.read_models.claims import Projectable
from orylo_api.read_models.effects import COUNTERS
from orylo_common.ids import uuid7
from orylo_common.messages import (
    PAGE,
    CheckoutStarted,
    ClickRecorded,
    ConversionCorrectionChanged,
    ConversionDispatched,
    ConversionFailed,
    ConversionMatched,
    ConversionSuppressed,
    Decision,
    DestinationStatus,
    DisputeLost,
    DisputeOpened,
    DisputeWon,
    FraudWarningReceived,
    PaymentCanceled,
    PaymentCreated,
    PaymentEnriched,
    PaymentFailed,
    PaymentRefunded,
    PaymentRefundFailed,
    PaymentSucceeded,
    ProviderActionStatus,
    TrustStatus,
)
from orylo_common.postgres.group_commit import GroupCommit
from orylo_common.postgres.pool import Connection, open_pool
from tests.unit.api.builders import (
    CUSTOMER,
    NOON,
    OTHER_TENANT,
    PAYMENT,
    TENANT,
    action_changed,
    after,
    conversion,
    destination_changed,
    detection,
    payment,
    rejected,
    replaced,
    token_read,
    trust_updated,
)
from tests.unit.ingest.given import message_in, recorded_from, stripe

pytestmark = pytest.mark.integration

CHECKOUT = {"checkout_id": "cs_1", "event_id": "evt_1", "gateway": "stripe", "gateway_event_type": "any"}

SALES = """
    SELECT sum(webhooks), (SELECT sum(succeeded) FROM api.payment_rollups WHERE grain = 'hour') AS sales
    FROM api.rollups WHERE grain = 'hour'
"""
TABLES = {
    "detections_view": "tenant_id, id",
    "payments_view": "tenant_id, payment_id",
    "customers_view": "tenant_id, customer_id",
    "trust_changes": "tenant_id, customer_id, version",
    "customer_merges": "tenant_id, customer_id, version",
    "merge_reviews_view": "tenant_id, id",
    "conversions_view": "tenant_id, id",
    "rollups": "tenant_id, grain, bucket",
    "payment_rollups": "tenant_id, grain, bucket, gateway, currency, decision",
    "actions_view": "tenant_id, id",
    "dead_letters": "tenant_id, id",
    "rejections_view": "tenant_id, id",
    "destination_states_view": "tenant_id, destination_id",
    "destination_tokens_view": "tenant_id, destination_id",
}


@pytest.fixture
async def pool(postgres_dsn: str) -> AsyncIterator[asyncpg.Pool]:
    async with open_pool(postgres_dsn, role="orylo_api_projector") as pool:
        yield pool


@pytest.fixture(autouse=True)
async def _empty_tables(postgres_dsn: str) -> None:
    await empty_tables(postgres_dsn)


async def empty_tables(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute(
        f"TRUNCATE {', '.join(f'api.{table}' for table in TABLES)}, api.claims, api.inbox, api.stream_events"
    )
    await connection.close()


async def write(pool: asyncpg.Pool, batch: Sequence[Projectable]) -> list[bool]:
    async with pool.acquire() as connection, connection.transaction():
        return await write_batch(connection, batch)


@asynccontextmanager
async def undone(pool: asyncpg.Pool) -> AsyncIterator[Connection]:
    """Yield a connection whose changes are rolled back: faster than emptying the tables again."""
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        try:
            yield connection
        finally:
            await transaction.rollback()


async def contents(pool: asyncpg.Pool) -> dict[str, list[dict[str, Any]]]:
    return {
        table: [
            dict(row)
            for row in await pool.fetch(f"SELECT * FROM api.{table} ORDER BY {key}")
            # A row that is all 0 is what a payment has moved out of.
            if table != "payment_rollups" or row["payments"]
        ]
        for table, key in TABLES.items()
    }


def a_shops_day() -> list[Projectable]:
    """Payments of several customers, each with a different outcome, for two tenants."""
    messages: list[Projectable] = []
    for number in range(12):
        tenant = (TENANT, OTHER_TENANT)[number % 2]
        ids: dict[str, Any] = {
            "tenant_id": tenant,
            "payment_id": f"stripe:pi_{number}",
            "customer_id": f"cus_{number % 5:032}",
        }
        bare: dict[str, Any] = {"customer_id": None, "card": None} if number % 2 else {}
        start = after(number * 7)
        messages += [
            payment(PaymentCreated, **ids, occurred_at=start),
            payment(PaymentFailed, **ids, occurred_at=start + timedelta(seconds=20), card=None),
            payment(
                PaymentSucceeded, **ids | bare, occurred_at=start + timedelta(seconds=50), amount_minor=1000 + number
            ),
            # These disagree on the customer.
            payment(PaymentEnriched, **ids | {"customer_id": f"cus_{number:032}"}, occurred_at=start),
            payment(PaymentEnriched, **ids, occurred_at=start + timedelta(seconds=51), payment_method="link"),
            detection(**ids, occurred_at=start, decision=list(Decision)[number % 3]),
            detection(**ids, occurred_at=start + timedelta(seconds=50), decision=list(Decision)[number % 3]),
        ]
        later = start + timedelta(days=number % 3)
        ends: list[Projectable] = [
            payment(PaymentRefunded, **ids, occurred_at=later, full=False, refunded_minor=400),
            payment(PaymentRefunded, **ids, occurred_at=later, refunded_minor=1000),
            payment(PaymentRefundFailed, **ids, occurred_at=later, refund_id="re_1", amount_minor=600),
            payment(DisputeOpened, **ids, occurred_at=later, amount_minor=77, card=None),
            payment(DisputeWon, **ids, occurred_at=later),
            payment(DisputeLost, **ids, occurred_at=later),
            payment(PaymentCanceled, **ids, occurred_at=later),
        ]
        messages += ends[: number % 7]
        conversion_ids: dict[str, Any] = {
            "tenant_id": tenant,
            "payment_id": ids["payment_id"],
            "conversion_id": uuid7(),
        }
        sent: list[Projectable] = [
            conversion(ConversionMatched, **conversion_ids, occurred_at=start),
            conversion(ConversionFailed, **conversion_ids, occurred_at=start + timedelta(minutes=1)),
            conversion(ConversionDispatched, **conversion_ids, occurred_at=start + timedelta(minutes=2), attempts=4),
        ]
        messages += sent[: number % 4] or [conversion(ConversionSuppressed, **conversion_ids)]
        action: dict[str, Any] = {
            "tenant_id": tenant,
            "payment_id": ids["payment_id"],
            "action_id": uuid7(),
            "detection_id": uuid7(),
        }
        acted: list[Projectable] = [
            action_changed(**action, revision=0, status=ProviderActionStatus.PENDING, occurred_at=start),
            action_changed(**action, revision=1),
            action_changed(**action, revision=2, status=ProviderActionStatus.PENDING),
            action_changed(**action, revision=3, status=ProviderActionStatus.DONE, reference="re_1", attempts=2),
            action_changed(**action, revision=4, status=ProviderActionStatus.DONE, contradiction="block_lifted"),
        ]
        messages += acted[: number % 6]
        messages += [
            destination_changed(
                tenant_id=tenant, version=version, status=status, occurred_at=start, reason=str(version)
            )
            for version, status in enumerate(list(DestinationStatus) * 2, start=number + 1)
        ]
        day = timedelta(days=number)
        messages += [token_read(tenant_id=tenant, occurred_at=start + day, expires_at=start + 60 * day)]
        messages += [
            trust_updated(
                tenant_id=tenant,
                customer_id=ids["customer_id"],
                version=number + 1,
                score_after=40 + number,
                occurred_at=start,
                status=TrustStatus.BLOCKED if number == 9 else TrustStatus.NEUTRAL,
            )
        ]
    return messages


async def test_any_order_and_any_repetition_give_the_same_rows(pool: asyncpg.Pool, postgres_dsn: str) -> None:
    messages = a_shops_day()
    for message in messages:
        await write(pool, [message])
    expected = await contents(pool)
    assert len(expected["payments_view"]) == 12
    assert len(expected["detections_view"]) == 24

    shuffler = random.Random(7)
    for _ in range(6):
        await empty_tables(postgres_dsn)
        shuffled = messages + shuffler.choices(messages, k=40)
        shuffler.shuffle(shuffled)
        while shuffled:
            size = shuffler.randint(1, 50)
            await write(pool, shuffled[:size])
            del shuffled[:size]
        assert await contents(pool) == expected


def events_of_one_payment() -> list[Projectable]:
    """Events that disagree on everything a row takes from them."""
    return [
        payment(PaymentCreated, occurred_at=after(0), amount_minor=900, customer_id=None, card=None, products=()),
        payment(PaymentSucceeded, occurred_at=after(1), customer_id=None, payment_method=None),
        payment(PaymentSucceeded, occurred_at=after(2), amount_minor=1300, currency="USD", customer_id=None),
        payment(PaymentEnriched, occurred_at=after(-5), customer_id="cus_early", payment_method="link"),
        payment(PaymentEnriched, occurred_at=after(3), customer_id="cus_late", payment_method="pix"),
        payment(PaymentRefunded, occurred_at=after(4), full=False, refunded_minor=300),
        payment(PaymentRefunded, occurred_at=after(5), full=False, refunded_minor=200, amount_minor=1),
        payment(PaymentRefundFailed, occurred_at=after(5), refund_id="re_1", amount_minor=100),
        payment(DisputeOpened, occurred_at=after(6), amount_minor=77, card=None),
        payment(DisputeLost, occurred_at=after(7)),
        payment(DisputeWon, occurred_at=after(8)),
        payment(DisputeWon, occurred_at=after(7), dispute_id="dp_2"),
    ]


def rejections_of_one_minute() -> list[Projectable]:
    return [
        rejected(
            occurred_at=after(0) + timedelta(seconds=second),
            first_at=after(0) + timedelta(seconds=second - count),
            count=count,
            status=status,
            reason=f"reason {second}",
            remote=None if second % 2 else f"192.0.2.{second}",
            size=count * 100,
        )
        for second, count, status in ((1, 5, 401), (2, 1, 403), (3, 4, 401), (3, 2, 403))
    ]


@pytest.mark.parametrize(
    ("table", "events"), [("payments_view", events_of_one_payment()), ("rejections_view", rejections_of_one_minute())]
)
async def test_two_events_change_a_row_the_same_way_in_one_batch_and_in_two(
    pool: asyncpg.Pool, table: str, events: list[Projectable]
) -> None:
    """`merge` in Python and the upsert in SQL agree, for every pair and either order."""
    for pair in permutations(events, 2):
        rows = []
        for batches in ([pair], [pair[:1], pair[1:]]):
            async with undone(pool) as connection:
                for batch in batches:
                    await write_batch(connection, batch)
                rows.append([dict(row) for row in await connection.fetch(f"SELECT * FROM api.{table}")])
        assert rows[0] == rows[1]


async def test_a_batch_reports_which_messages_were_new(pool: asyncpg.Pool) -> None:
    first, second = payment(PaymentCreated), detection()

    assert await write(pool, [first, second, first]) == [True, True, False]
    assert await write(pool, [second]) == [False]


async def test_concurrent_batches_of_several_replicas_neither_deadlock_nor_lose_a_count(pool: asyncpg.Pool) -> None:
    messages = a_shops_day()

    async def replica(seed: int) -> None:
        shuffled = random.Random(seed).sample(messages, len(messages))
        async with GroupCommit(write_batch, pool, name=f"replica_{seed}", max_items=25) as batcher:
            await asyncio.gather(*(batcher.add(message) for message in shuffled))

    await asyncio.gather(*(replica(seed) for seed in range(4)))

    at_once = await contents(pool)
    hours = [row for row in at_once["rollups"] if row["grain"] == "hour"]
    assert sum(row["detections_allow"] + row["detections_review"] + row["detections_block"] for row in hours) == 24
    assert sum(row["succeeded"] for row in at_once["payment_rollups"] if row["grain"] == "hour") == 12


async def test_rollups_of_every_grain_agree(pool: asyncpg.Pool) -> None:
    now = datetime.now(UTC)
    await write(pool, [payment(PaymentFailed, occurred_at=now - timedelta(minutes=20 * number)) for number in range(9)])

    rows = (await contents(pool))["rollups"]
    totals = {
        grain: [sum(row[counter] for row in rows if row["grain"] == grain) for counter in COUNTERS]
        for grain in ("minute", "quarter", "hour")
    }
    assert totals["minute"] == totals["quarter"] == totals["hour"]
    assert all(row["bucket"].minute == row["bucket"].second == 0 for row in rows if row["grain"] == "hour")


async def test_a_payment_only_moves_forward(pool: asyncpg.Pool) -> None:
    """The refund arrives first; an older message supplies what it lacks."""
    await write(pool, [payment(PaymentRefunded, occurred_at=after(60), amount_minor=900, customer_id=None, card=None)])
    await write(pool, [payment(PaymentSucceeded, occurred_at=after(1))])
    await write(pool, [payment(PaymentFailed, occurred_at=after(90))])

    row = await pool.fetchrow("SELECT * FROM api.payments_view")
    assert row is not None
    assert (row["state"], row["updated_at"]) == ("refunded", after(60))
    assert (row["amount_minor"], row["refunded_minor"], row["customer_id"]) == (1250, 1250, CUSTOMER)
    assert row["details"]["card_last4"] == "4242"
    assert row["created_at"] == after(1)


def stripe_events_of_one_payment() -> list[PaymentSucceeded]:
    """Stripe's four events of one payment, each with different details."""
    intent, charge, session, invoice = (
        message_in(recorded_from("stripe", stripe(name, **changes)))
        for name, changes in (
            ("payment_intent.succeeded", {"customer": None, "receipt_email": None}),
            ("charge.succeeded", {}),
            ("checkout.session.completed", {}),
            ("invoice.paid", {"payment_intent": "pi_3TstExampleCard0001", "amount_paid": 29_700}),
        )
    )
    return [event.model_copy(update={"occurred_at": NOON}) for event in (intent, charge, session, invoice)]


async def test_a_payment_looks_the_same_whichever_event_arrives_first(pool: asyncpg.Pool) -> None:
    events, counted = stripe_events_of_one_payment(), set()
    shown: dict[str, Payment] = {}
    for first in events:
        told = [event if event is first else PaymentEnriched(**event.model_dump(exclude={"type"})) for event in events]
        for order in permutations(told):
            async with undone(pool) as connection:
                for batch in (order[:2], order[2:3], order[3:]):
                    await write_batch(connection, batch)
                found = await find_payment(connection, first.payment_id)
                counted.add(tuple(await connection.fetchrow(SALES) or ()))
            assert found is not None
            shown[found.model_dump_json()] = found

    (only,) = shown.values()
    assert (only.card_brand, only.customer_id) == ("mastercard", events[1].customer_id)
    assert only.products == [events[3].products[0].name]
    assert counted == {(4, 1)}


async def test_a_later_event_changes_neither_state_nor_amount_nor_times(pool: asyncpg.Pool) -> None:
    other: dict[str, Any] = {"amount_minor": 9, "card": None, "customer_id": None, "payment_method": "pix"}
    await write(pool, [payment(PaymentEnriched, occurred_at=after(-5), **other)])
    await write(pool, [payment(PaymentSucceeded, occurred_at=after(1)), payment(PaymentRefunded, occurred_at=after(9))])
    await write(pool, [payment(PaymentEnriched, occurred_at=after(30), **other)])

    row = await pool.fetchrow("SELECT * FROM api.payments_view")
    assert row is not None
    assert (row["state"], row["created_at"], row["updated_at"]) == ("refunded", after(1), after(9))
    assert (row["amount_minor"], row["customer_id"]) == (1250, CUSTOMER)


async def test_older_trust_does_not_undo_newer_trust(pool: asyncpg.Pool) -> None:
    await write(pool, [trust_updated(version=3, score_after=0, status=TrustStatus.BLOCKED)])
    await write(pool, [trust_updated(version=2, score_after=80), payment(PaymentCreated, occurred_at=after(-5))])

    row = await pool.fetchrow("SELECT trust_score, status, version, created_at FROM api.customers_view")
    assert row is not None
    assert tuple(row) == (0, "blocked", 3, after(-5))
    assert await pool.fetchval("SELECT count(*) FROM api.trust_changes") == 2


async def test_a_payment_reported_by_several_events_is_counted_once(pool: asyncpg.Pool) -> None:
    for _ in range(2):
        await write(pool, [payment(PaymentSucceeded), payment(PaymentSucceeded)])
    await write(pool, [payment(PaymentSucceeded, payment_id="stripe:pi_test", test=True)])

    hour = await pool.fetchrow(
        "SELECT sum(payments), sum(succeeded), sum(succeeded_minor) FROM api.payment_rollups WHERE grain = 'hour'"
    )
    assert hour is not None
    assert tuple(hour) == (1, 1, 1250)


async def forget(pool: asyncpg.Pool, *tables: str) -> None:
    for table in tables:
        await pool.execute(f"DELETE FROM api.{table}")


async def test_a_payment_is_counted_by_its_current_decision_in_any_order(pool: asyncpg.Pool) -> None:
    first = detection(decision=Decision.BLOCK, degraded=("velocity",), version=1)
    second = detection(decision=Decision.BLOCK, degraded=(), version=2, replaces=replaced(first))
    third = detection(decision=Decision.REVIEW, degraded=(), version=4, replaces=replaced(second))
    for chain, expected in (
        ([first], (0, 0, 1, 1)),
        ([first, second], (0, 0, 1, 0)),
        ([first, second, third], (0, 1, 0, 0)),
    ):
        for order in permutations(chain):
            await forget(pool, "rollups", "claims", "detections_view")
            for message in (*order, *order):
                await write(pool, [message])
            row = await pool.fetchrow(
                """SELECT sum(detections_allow), sum(detections_review), sum(detections_block),
                          sum(detections_degraded)
                   FROM api.rollups WHERE grain = 'hour'"""
            )
            assert row is not None
            assert tuple(row) == expected, order


async def test_a_correction_is_shown_whichever_message_arrives_first(pool: asyncpg.Pool) -> None:
    sent = conversion(ConversionDispatched)
    marks = [
        conversion(
            ConversionCorrectionChanged,
            conversion_id=sent.conversion_id,
            decision_version=version,
            correction=correction,
        )
        for version, correction in ((2, "blocked"), (3, None), (5, "blocked"))
    ]
    for order in permutations([sent, *marks]):
        await forget(pool, "conversions_view", "claims")
        for message in order:
            await write(pool, [message])
        row = await pool.fetchrow("SELECT status, attempts, correction FROM api.conversions_view")
        assert row is not None
        assert tuple(row) == ("dispatched", sent.attempts, "blocked"), order


async def test_the_status_of_a_conversion_follows_the_newest_decision_until_it_is_sent(pool: asyncpg.Pool) -> None:
    id_ = uuid7()
    changes = [
        conversion(ConversionMatched, conversion_id=id_, decision_version=1),
        conversion(ConversionSuppressed, conversion_id=id_, decision_version=2, reason="blocked", occurred_at=after(9)),
        conversion(ConversionMatched, conversion_id=id_, decision_version=4),
    ]
    for order in permutations(changes):
        await forget(pool, "conversions_view", "claims")
        for message in order:
            await write(pool, [message])
        assert await pool.fetchval("SELECT status FROM api.conversions_view") == "pending", order
    await write(pool, [conversion(ConversionDispatched, conversion_id=id_, decision_version=4)])
    assert await pool.fetchval("SELECT status FROM api.conversions_view") == "dispatched"


async def test_huge_amounts_do_not_overflow_the_sums(pool: asyncpg.Pool) -> None:
    for number in range(3):
        await write(pool, [payment(PaymentSucceeded, payment_id=f"stripe:pi_{number}", amount_minor=2**63 - 1)])

    hour = await pool.fetchval("SELECT succeeded_minor FROM api.payment_rollups WHERE grain = 'hour'")
    assert hour == 3 * (2**63 - 1)


async def test_clicks_checkouts_and_fraud_warnings_are_counted(pool: asyncpg.Pool) -> None:
    envelope = {name: getattr(payment(PaymentCreated), name) for name in ("correlation_id", "tenant_id", "occurred_at")}
    await write(
        pool,
        [
            payment(FraudWarningReceived),
            ClickRecorded(message_id=uuid7(), click_id="clk_1", kind="pageview", **envelope),
            CheckoutStarted(
                message_id=uuid7(),
                checkout_id="cs_1",
                event_id="e",
                gateway="stripe",
                gateway_event_type="t",
                **envelope,
            ),
            CheckoutStarted(
                message_id=uuid7(),
                checkout_id="oc_1",
                event_id="f",
                gateway=PAGE,
                gateway_event_type="checkout",
                **envelope,
            ),
        ],
    )

    row = await pool.fetchrow(
        "SELECT webhooks, clicks, checkouts, fraud_warnings FROM api.rollups WHERE grain = 'hour'"
    )
    assert row is not None
    assert tuple(row) == (2, 1, 2, 1)
    assert await pool.fetchval("SELECT count(*) FROM api.payments_view") == 0


def a_dead_message(**changes: Any) -> DeadLetterRow:
    fields: dict[str, Any] = {
        "tenant_id": TENANT, "id": uuid7(), "source": "detector", "kind": "message", "subject_id": uuid7(),
        "type": "payment.succeeded.v1", "subject": PAYMENT, "reason": "a bug", "code": None, "attempts": 20,
        "body": b"{}", "first_failed_at": NOON, "created_at": after(1),
    }  # fmt: skip
    return DeadLetterRow(**{**fields, **changes})


async def test_a_dead_message_is_recorded_once(pool: asyncpg.Pool) -> None:
    dead = a_dead_message()

    assert await write(pool, [dead]) == [True]
    assert await write(pool, [dead]) == [False]
    assert await pool.fetchval("SELECT count(*) FROM api.dead_letters WHERE state = 'open'") == 1


@pytest.mark.parametrize("late", [True, False])
async def test_a_failed_conversion_that_is_delivered_later_is_resolved(pool: asyncpg.Pool, late: bool) -> None:
    conversion_id: UUID = uuid7()
    failed = conversion(ConversionFailed, conversion_id=conversion_id)
    dispatched = conversion(ConversionDispatched, conversion_id=conversion_id, occurred_at=after(5))

    for message in (dispatched, failed) if late else (failed, dispatched):
        await write(pool, [message])

    row = await pool.fetchrow("SELECT source, kind, reason, code, state FROM api.dead_letters")
    assert row is not None
    assert tuple(row) == ("dispatch", "conversion", "Meta refused the token", "190", "resolved")


async def test_a_batchs_stream_events_are_one_row_per_tenant(pool: asyncpg.Pool) -> None:
    await write(pool, [detection(), trust_updated(), detection(tenant_id=OTHER_TENANT), payment(PaymentCreated)])

    rows = await pool.fetch("SELECT tenant_id, events FROM api.stream_events ORDER BY tenant_id")
    kinds = [[event.split(b"\n")[0] for event in row["events"].split(b"\n\n")] for row in rows]
    assert kinds == [
        [b"detection.created", b"trust.updated", b"customer.seen", b"webhook.accepted"],
        [b"detection.created", b"customer.seen"],
    ]


@pytest.mark.parametrize(
    ("value", "start"), [({"start": 70}, 70), ({"start": "high"}, 50), ({"start": 500}, 50), ({}, 50)]
)
async def test_a_new_customer_has_the_tenants_start_score(
    pool: asyncpg.Pool, postgres_dsn: str, value: dict[str, Any], start: int
) -> None:
    async with open_pool(postgres_dsn, role="postgres", max_size=1) as admin:
        await admin.execute("INSERT INTO control.tenants (id, slug, name) VALUES ($1, 'loja', 'loja')", TENANT)
        await admin.execute("INSERT INTO control.settings VALUES ($1, 'trust', $2)", TENANT, value)
        try:
            async with pool.acquire() as connection, connection.transaction():
                await write_batch(connection, [payment(PaymentCreated)])
        finally:
            await admin.execute("DELETE FROM control.tenants WHERE id = $1", TENANT)

    assert await pool.fetchval("SELECT trust_score FROM api.customers_view") == start
