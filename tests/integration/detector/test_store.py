import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from orylo_common.broker.ports import Outgoing
from orylo_common.control.sections.detection import DetectionPolicy
from orylo_common.messages import (
    Decision,
    DisputeLost,
    DisputeOpened,
    DisputeWon,
    FraudWarningReceived,
    PaymentCreated,
    PaymentEnriched,
    PaymentFact,
    PaymentRefunded,
    PaymentRefundFailed,
    PaymentSucceeded,
    ReasonPoints,
    TrustStatus,
    TrustUpdated,
    encode,
)
from orylo_common.postgres.group_commit import GroupCommit
from orylo_common.postgres.pool import open_pool
from orylo_detector import deadline
from orylo_detector.announcements import detection_of
from orylo_detector.domain.features import CustomerHistory
from orylo_detector.domain.known_payment import DecidablePayment, KnownPayment
from orylo_detector.domain.lists import Override
from orylo_detector.domain.rule_effects import DecisionBasis
from orylo_detector.domain.verdict import Verdict
from orylo_detector.store.decisions import RecordedPayment, record_payments
from orylo_detector.store.history import PostgresHistory
from orylo_detector.store.learning import copy_trust, learn_incidents
from tests.support.outbox import waiting_messages
from tests.unit.detector.cases import NOW, action_changed, features, payment

pytestmark = pytest.mark.integration


@pytest.fixture
async def pool(postgres_dsn: str) -> AsyncIterator[asyncpg.Pool]:
    async with open_pool(postgres_dsn, role="orylo_detector") as pool:
        yield pool


@pytest.fixture(autouse=True)
def _no_deadlines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the deadline: on a machine that stalls no answer may be late."""
    monkeypatch.setattr(deadline, "SLICE_S", 15)


@pytest.fixture
def tenant_id() -> UUID:
    return uuid4()


def decided(fact: DecidablePayment) -> RecordedPayment:
    """The first decision on a payment."""
    points = (ReasonPoints(reason="velocity.card.1h", detector="velocity", points=60),)
    known = KnownPayment().with_fact(fact)
    basis = DecisionBasis(60, Override(Decision.BLOCK, "blocked"), DetectionPolicy())
    verdict = Verdict(Decision.BLOCK, 60, points, (), basis, ("geo",), "blocked")
    detection = detection_of(fact, verdict, known, cause=fact)
    known = known.decided_with(features(), detection)
    return RecordedPayment(fact, known, detection, Outgoing(detection.message_id, detection.type, encode(detection)))


async def decide(pool: asyncpg.Pool, *facts: DecidablePayment) -> list[bool]:
    async with pool.acquire() as connection, connection.transaction():
        return await record_payments(connection, [decided(fact) for fact in facts])


async def learn(pool: asyncpg.Pool, *facts: Any) -> None:
    for fact in facts:
        async with pool.acquire() as connection, connection.transaction():
            await learn_incidents(connection, [fact])


async def trust(pool: asyncpg.Pool, *updates: TrustUpdated) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await copy_trust(connection, updates)


async def customer(pool: asyncpg.Pool, tenant_id: UUID, customer_id: str = "cus_1") -> CustomerHistory | None:
    [known] = await PostgresHistory(pool).read([payment(tenant_id=tenant_id, customer_id=customer_id)])
    return known.customer


def trust_updated(tenant_id: UUID, version: int, score: int, status: TrustStatus = TrustStatus.NEUTRAL) -> TrustUpdated:
    return TrustUpdated(
        message_id=uuid4(),
        tenant_id=tenant_id,
        correlation_id=uuid4(),
        occurred_at=NOW,
        customer_id="cus_1",
        version=version,
        score_before=50,
        score_after=score,
        status=status,
        cause="refund",
    )


async def test_an_event_is_decided_once_however_often_it_is_delivered(pool: asyncpg.Pool, tenant_id: UUID) -> None:
    event = payment(tenant_id=tenant_id)
    outcomes = [await decide(pool, event, event), await decide(pool, event)]

    assert outcomes == [[True, False], [False]]
    rows = await pool.fetch("SELECT * FROM detector.detections WHERE tenant_id = $1", tenant_id)
    assert [(row["decision"], row["risk_score"], row["reasons"], row["degraded"]) for row in rows] == [
        ("block", 60, ["velocity.card.1h"], ["geo"])
    ]
    assert [(row["points"], row["override"]) for row in rows] == [
        ([{"reason": "velocity.card.1h", "detector": "velocity", "points": 60}], "blocked")
    ]
    waiting = await waiting_messages(pool, "detector")
    assert sum(str(tenant_id).encode() in message.body for message in waiting) == 1


async def test_the_same_payment_id_of_another_tenant_is_another_payment(pool: asyncpg.Pool, tenant_id: UUID) -> None:
    assert await decide(pool, payment(tenant_id=tenant_id, payment_id="stripe:pi_1")) == [True]
    assert await decide(pool, payment(tenant_id=uuid4(), payment_id="stripe:pi_1")) == [True]


async def test_replicas_racing_with_the_same_events_decide_each_once(pool: asyncpg.Pool, tenant_id: UUID) -> None:
    events = [payment(tenant_id=tenant_id, customer_id=f"cus_{number % 7}") for number in range(200)]
    async with (
        GroupCommit(record_payments, pool, name="one", max_items=13) as one,
        GroupCommit(record_payments, pool, name="two", max_items=29) as two,
    ):
        outcomes = await asyncio.gather(
            *(one.add(decided(event)) for event in events), *(two.add(decided(event)) for event in reversed(events))
        )

    assert sum(outcomes) == len(events)
    assert await pool.fetchval("SELECT count(*) FROM detector.detections WHERE tenant_id = $1", tenant_id) == 200
    assert await pool.fetchval("SELECT sum(payments) FROM detector.customers WHERE tenant_id = $1", tenant_id) == 200


async def test_a_paid_payment_is_added_to_the_history_once(pool: asyncpg.Pool, tenant_id: UUID) -> None:
    of_payment: dict[str, Any] = {"tenant_id": tenant_id, "payment_id": "stripe:pi_1", "amount_minor": 10_000}
    later = NOW + timedelta(days=3)
    await decide(pool, payment(PaymentCreated, **of_payment))
    await decide(pool, payment(**of_payment), payment(**of_payment))
    await decide(pool, payment(**of_payment), payment(tenant_id=tenant_id, amount_minor=20_000, occurred_at=later))
    await decide(pool, payment(tenant_id=tenant_id, test=True))

    [history] = await PostgresHistory(pool).read([payment(tenant_id=tenant_id, products=[{"product_id": "other"}])])
    assert history.customer == CustomerHistory(payments=2, first_paid_at=NOW)
    assert history.amounts is not None
    assert {subject: amounts.payments for subject, amounts in history.amounts.items()} == {
        "customer": 2,
        "product": 0,
        "tenant": 2,
    }
    assert history.amounts["customer"].distance(10_000) == pytest.approx(0, abs=0.4)


async def test_a_payment_that_changed_since_it_was_read_is_not_recorded(pool: asyncpg.Pool, tenant_id: UUID) -> None:
    sale = payment(tenant_id=tenant_id, customer_id=None)
    first = decided(sale)
    later = payment(PaymentEnriched, tenant_id=tenant_id, payment_id=sale.payment_id, customer_id="cus_1")
    known = first.known.with_fact(later)
    assert known.payment is not None
    second, late = RecordedPayment(known.payment, known), RecordedPayment(known.payment, replace(known))
    async with pool.acquire() as connection, connection.transaction():
        assert await record_payments(connection, [first]) == [True]
        assert await record_payments(connection, [second, late]) == [True, False]
        assert await record_payments(connection, [first]) == [False]

    [history] = await PostgresHistory(pool).read([sale])
    assert history.known == known


async def test_a_payer_whom_a_later_event_names_gets_the_payment_once(pool: asyncpg.Pool, tenant_id: UUID) -> None:
    sale = payment(tenant_id=tenant_id, customer_id=None)
    dispute = payment(
        DisputeOpened, tenant_id=tenant_id, payment_id=sale.payment_id, dispute_id="dp_1", customer_id=None
    )
    await decide(pool, sale)
    await learn(pool, dispute)
    known = decided(sale).known.with_fact(
        payment(PaymentEnriched, tenant_id=tenant_id, payment_id=sale.payment_id, customer_id="cus_1")
    )
    assert known.payment is not None
    for _ in range(2):
        async with pool.acquire() as connection, connection.transaction():
            await record_payments(connection, [RecordedPayment(known.payment, known)])

    [history] = await PostgresHistory(pool).read([payment(tenant_id=tenant_id)])
    assert history.customer == CustomerHistory(payments=1, first_paid_at=NOW, disputes=1)
    assert history.amounts is not None
    assert {subject: each.payments for subject, each in history.amounts.items()} == {
        "customer": 1,
        "product": 1,
        "tenant": 1,
    }


async def test_each_currency_has_its_own_amount_history(pool: asyncpg.Pool, tenant_id: UUID) -> None:
    await decide(pool, payment(tenant_id=tenant_id, currency="USD"))

    [history] = await PostgresHistory(pool).read([payment(tenant_id=tenant_id)])
    assert history.amounts is not None
    assert history.amounts["customer"].payments == 0


async def test_each_incident_counts_once_in_any_order_of_reports(pool: asyncpg.Pool, tenant_id: UUID) -> None:
    dispute = {"tenant_id": tenant_id, "dispute_id": "dp_1", "amount_minor": 100}
    refund = {"tenant_id": tenant_id, "payment_id": "stripe:pi_9", "refunded_minor": 1}
    await learn(
        pool,
        payment(DisputeWon, **dispute),
        payment(DisputeOpened, **dispute),
        payment(DisputeLost, tenant_id=tenant_id, dispute_id="dp_2"),
        payment(PaymentRefunded, **refund),
        payment(PaymentRefunded, **refund),
        payment(FraudWarningReceived, tenant_id=tenant_id, warning_id="issfr_1"),
        payment(FraudWarningReceived, tenant_id=tenant_id, warning_id="issfr_2", test=True),
    )

    assert await customer(pool, tenant_id) == CustomerHistory(refunds=1, disputes=2, disputes_won=1, fraud_warnings=1)


async def test_a_block_is_announced_with_its_decision_and_not_again(pool: asyncpg.Pool, tenant_id: UUID) -> None:
    blocks = [Outgoing(uuid4(), "payment.blocked.v1", b"{}") for _ in range(2)]
    event = payment(tenant_id=tenant_id)
    for block in blocks:
        async with pool.acquire() as connection, connection.transaction():
            await record_payments(connection, [replace(decided(event), block=block)])

    waiting = [message.message_id for message in await waiting_messages(pool, "detector")]
    assert [each for each in waiting if each in {block.message_id for block in blocks}] == [blocks[0].message_id]


@pytest.mark.parametrize("together", [True, False])
async def test_incidents_can_be_undone_in_any_order_of_reports(pool: asyncpg.Pool, *, together: bool) -> None:
    """A refund that failed does not count, nor does the win of a dispute that was lost later."""

    def at(minute: int) -> datetime:
        return NOW + timedelta(minutes=minute)

    def refund(minute: int, total: int) -> Any:
        return payment(PaymentRefunded, payment_id="stripe:pi_9", occurred_at=at(minute), refunded_minor=total)

    def failure(minute: int, refund_id: str, minor: int) -> Any:
        changes = {"occurred_at": at(minute), "refund_id": refund_id, "amount_minor": minor}
        return payment(PaymentRefundFailed, payment_id="stripe:pi_9", **changes)

    def dispute(kind: type[PaymentFact], minute: int) -> Any:
        return payment(kind, occurred_at=at(minute), dispute_id="dp_1")

    for reports, expected in (
        ([refund(1, 500), failure(2, "re_1", 500)], CustomerHistory()),
        ([refund(1, 200), refund(2, 500), failure(3, "re_1", 200)], CustomerHistory(refunds=1)),
        ([refund(1, 500), failure(2, "re_1", 500), refund(3, 500)], CustomerHistory(refunds=1)),
        ([dispute(DisputeLost, 1), dispute(DisputeWon, 2)], CustomerHistory(disputes=1, disputes_won=1)),
        ([dispute(DisputeWon, 1), dispute(DisputeLost, 2)], CustomerHistory(disputes=1)),
    ):
        for order in permutations(reports):
            tenant_id = uuid4()
            own = [each.model_copy(update={"tenant_id": tenant_id}) for each in (*order, *order)]
            for batch in [own] if together else [[each] for each in own]:
                async with pool.acquire() as connection, connection.transaction():
                    await learn_incidents(connection, batch)
            assert await customer(pool, tenant_id) == expected, order


async def test_a_refund_by_the_platform_does_not_count_in_any_order_of_reports(pool: asyncpg.Pool) -> None:
    """Nor does a part that the buyer had before it, nor another event of it."""
    for order in permutations(("paid", "part", "refund", "own")):
        tenant_id = uuid4()
        about = {"tenant_id": tenant_id, "payment_id": "stripe:pi_1"}
        paid = payment(PaymentSucceeded, **about)
        facts = {
            "part": payment(PaymentRefunded, **about, refunded_minor=1),
            # The gateway names no customer.
            "refund": payment(PaymentRefunded, **about, refunded_minor=500, customer_id=None),
            "own": action_changed(**about),
        }
        for name in (*order, *order):
            await (decide(pool, paid) if name == "paid" else learn(pool, facts[name]))
        known = await customer(pool, tenant_id)
        assert known is not None
        assert (known.payments, known.refunds) == (1, 0), order


async def test_other_refunds_count_beside_one_by_the_platform(pool: asyncpg.Pool, tenant_id: UUID) -> None:
    await learn(
        pool,
        *(
            payment(PaymentRefunded, tenant_id=tenant_id, payment_id=f"stripe:pi_{each}", refunded_minor=1)
            for each in range(4)
        ),
        action_changed(tenant_id=tenant_id, payment_id="stripe:pi_0"),
        action_changed(tenant_id=uuid4(), payment_id="stripe:pi_1"),
    )

    assert await customer(pool, tenant_id) == CustomerHistory(refunds=3)


@pytest.mark.parametrize("payment_first", [True, False])
async def test_a_dispute_without_a_customer_belongs_to_its_payments_customer(
    pool: asyncpg.Pool, tenant_id: UUID, *, payment_first: bool
) -> None:
    paid = payment(PaymentSucceeded, tenant_id=tenant_id, payment_id="stripe:pi_1")
    dispute = payment(DisputeOpened, tenant_id=tenant_id, payment_id="stripe:pi_1", dispute_id="dp_1", customer_id=None)
    if payment_first:
        await decide(pool, paid)
        await learn(pool, dispute)
    else:
        await learn(pool, dispute)
        await decide(pool, paid)

    known = await customer(pool, tenant_id)
    assert known is not None
    assert known.disputes == 1


async def test_the_newest_trust_update_counts(pool: asyncpg.Pool, tenant_id: UUID) -> None:
    await trust(
        pool,
        trust_updated(tenant_id, 2, 45),
        trust_updated(tenant_id, 3, 40, TrustStatus.BLOCKED),
        trust_updated(tenant_id, 1, 52),
    )
    await trust(pool, trust_updated(tenant_id, 2, 45))

    assert await customer(pool, tenant_id) == CustomerHistory(trust_score=40, status=TrustStatus.BLOCKED)


async def test_a_batch_with_one_invalid_item_keeps_the_others(pool: asyncpg.Pool, tenant_id: UUID) -> None:
    good, bad = payment(tenant_id=tenant_id), payment(tenant_id=tenant_id, event_id="not\x00text")
    async with GroupCommit(record_payments, pool, name="one") as batches:
        outcomes = await asyncio.gather(batches.add(decided(good)), batches.add(decided(bad)), return_exceptions=True)

    assert outcomes[0] is True
    assert isinstance(outcomes[1], asyncpg.DataError)


async def test_late_amounts_are_left_out_and_the_customer_is_read(
    pool: asyncpg.Pool, postgres_dsn: str, tenant_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    await trust(pool, trust_updated(tenant_id, 1, 40, TrustStatus.BLOCKED))
    busy = await asyncpg.connect(postgres_dsn)
    async with busy.transaction():
        await busy.execute("LOCK TABLE detector.amounts IN ACCESS EXCLUSIVE MODE")
        with monkeypatch.context() as strict:
            strict.setattr(deadline, "SLICE_S", 0.025)
            [history] = await PostgresHistory(pool).read([payment(tenant_id=tenant_id)])
    await busy.close()

    assert history.amounts is None
    assert history.customer is not None
    assert history.customer.status is TrustStatus.BLOCKED
    [history] = await PostgresHistory(pool).read([payment(tenant_id=tenant_id)])
    assert history.amounts is not None


@pytest.mark.parametrize("first", ["payment", "dispute"])
async def test_a_dispute_belongs_to_the_payer_not_to_the_customer_it_names(
    pool: asyncpg.Pool, tenant_id: UUID, first: str
) -> None:
    paid = payment(PaymentSucceeded, tenant_id=tenant_id, customer_id="cus_payer")
    disputed = payment(
        DisputeOpened, tenant_id=tenant_id, customer_id="cus_named", payment_id=paid.payment_id, dispute_id="dp_1"
    )
    if first == "payment":
        await decide(pool, paid)
        await learn(pool, disputed)
    else:
        await learn(pool, disputed)
        await decide(pool, paid)

    payer, named = await customer(pool, tenant_id, "cus_payer"), await customer(pool, tenant_id, "cus_named")
    assert payer is not None
    assert named is not None
    assert (payer.disputes, named.disputes) == (1, 0)


async def test_reports_about_a_payment_do_not_count_against_itself(pool: asyncpg.Pool, tenant_id: UUID) -> None:
    """Otherwise the decision would depend on whether they arrive before the payment."""
    about = {"tenant_id": tenant_id, "payment_id": "stripe:pi_early"}
    early, other = payment(PaymentSucceeded, **about), payment(PaymentSucceeded, tenant_id=tenant_id)
    await learn(
        pool,
        payment(DisputeOpened, **about, dispute_id="dp_1"),
        payment(FraudWarningReceived, **about, warning_id="issfr_1"),
        payment(PaymentRefunded, **about, refunded_minor=100),
    )
    # In one batch: each is read for its own payment.
    own, others = await PostgresHistory(pool).read([early, other])
    assert own.customer == CustomerHistory()
    assert others.customer == CustomerHistory(refunds=1, disputes=1, fraud_warnings=1)
