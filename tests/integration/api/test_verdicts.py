"""Verdicts on payments, and the quality of decisions that follows from them."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from orylo_common.control.models import Role
from orylo_common.ids import uuid7
from orylo_common.messages import (
    Decision,
    DisputeLost,
    DisputeOpened,
    DisputeWon,
    FraudWarningReceived,
    PaymentSucceeded,
    PaymentVerdict,
    VerdictGiven,
    decode,
)
from orylo_common.postgres.outbox_bodies import decompress
from tests.integration.api.conftest import Api, Shop, make_shop
from tests.integration.api.test_customer_scores import REQUESTED, post
from tests.integration.api.test_endpoints import get
from tests.unit.api.builders import detection, payment, verdict

pytestmark = pytest.mark.integration

FRAUD, LEGITIMATE, WITHDRAWN = PaymentVerdict


async def published(api: Api, payment_id: str) -> list[VerdictGiven]:
    bodies = [bytes(row["body"]) for row in await api.pool.fetch(REQUESTED)]
    messages = {message.message_id: message for message in (decode(decompress(body)) for body in bodies)}
    return [each for each in messages.values() if isinstance(each, VerdictGiven) and each.payment_id == payment_id]


async def new_shop(api: Api) -> Shop:
    return await make_shop(api.pool, f"loja-{uuid7().hex}")


async def test_a_verdict_is_published_once_audited_and_shown(api: Api) -> None:
    payment_id = "stripe:pi_judged"
    await api.project(payment(PaymentSucceeded, tenant_id=api.a.tenant.id, payment_id=payment_id, customer_id="cus_j"))
    analyst = api.client((await api.user(api.a, Role.ANALYST, "analyst-verdicts@a.example")).bearer)
    path, body = f"/api/v1/payments/{payment_id}/verdict", {"verdict": "fraud", "reason": "card reported stolen"}

    answers = [await post(analyst, path, body, **{"Idempotency-Key": "verdict-1"}) for _ in range(2)]

    assert answers[0] == answers[1]
    assert answers[0][0] == 202
    (message,) = await published(api, payment_id)
    assert (message.verdict, message.customer_id, message.reason) == (FRAUD, "cus_j", "card reported stolen")
    assert str(message.verdict_id) == answers[0][1]["verdict_id"]
    (line,) = await api.pool.fetch(
        "SELECT actor, before, after FROM control.audit_log WHERE action = 'payment.give_verdict' AND subject = $1",
        f"payment {payment_id}",
    )
    assert dict(line) == {
        "actor": "analyst-verdicts@a.example",
        "before": {"verdict": "withdrawn", "reason": None},
        "after": body,
    }

    await api.project(message)
    shown = (await get(analyst, f"/api/v1/payments/{payment_id}"))["verdict"]
    assert {**shown, "given_at": None} == {**body, "actor": "analyst-verdicts@a.example", "given_at": None}


async def test_the_newest_verdict_is_shown_in_any_order_and_a_withdrawn_one_is_not(api: Api) -> None:
    about: dict[str, Any] = {"tenant_id": api.a.tenant.id, "payment_id": "stripe:pi_newest"}
    paid = payment(PaymentSucceeded, **about)
    given = [
        verdict(what, **about, occurred_at=paid.occurred_at + timedelta(minutes=minute), actor=f"person {minute}")
        for minute, what in enumerate([FRAUD, LEGITIMATE, WITHDRAWN])
    ]
    client = api.client(api.a.bearer)

    await api.project(given[1], given[0], paid)
    await api.project(given[0], given[1])
    shown = (await get(client, "/api/v1/payments/stripe:pi_newest"))["verdict"]
    assert (shown["verdict"], shown["actor"]) == ("legitimate", "person 1")

    await api.project(given[2])
    await api.project(given[1])
    assert (await get(client, "/api/v1/payments/stripe:pi_newest"))["verdict"] is None


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/api/v1/payments/stripe:pi_nothing/verdict", {"verdict": "fraud"}, 404),
        ("/api/v1/payments/stripe:pi_nothing/verdict", {"verdict": "guilty"}, 422),
        ("/api/v1/payments/stripe:pi_nothing/verdict", {"verdict": "fraud", "reason": ""}, 422),
    ],
)
async def test_a_verdict_needs_a_known_payment(api: Api, path: str, body: dict[str, str], status: int) -> None:
    assert (await post(api.client(api.a.bearer), path, body))[0] == status


async def test_a_verdict_replaces_only_the_one_that_was_expected(api: Api) -> None:
    payment_id, path = "stripe:pi_two_judges", "/api/v1/payments/stripe:pi_two_judges/verdict"
    await api.project(payment(PaymentSucceeded, tenant_id=api.a.tenant.id, payment_id=payment_id))
    client = api.client(api.a.bearer)

    async def judge(given: PaymentVerdict, expected: PaymentVerdict | None) -> int:
        return (await post(client, path, {"verdict": given, "expected": expected}))[0]

    # Of two people who act at the same time on the same state, the second is refused, before anything is projected.
    assert sorted(await asyncio.gather(judge(FRAUD, WITHDRAWN), judge(LEGITIMATE, WITHDRAWN))) == [202, 412]
    (first,) = await published(api, payment_id)
    other = LEGITIMATE if first.verdict is FRAUD else FRAUD
    assert await judge(WITHDRAWN, other) == 412
    assert await judge(other, first.verdict) == 202
    assert await judge(FRAUD, None) == 202

    # A verdict that is not in the audit log, such as one of a file, counts too.
    api.clock.stop()
    later = api.clock.now() + timedelta(seconds=1)
    await api.project(verdict(LEGITIMATE, tenant_id=api.a.tenant.id, payment_id=payment_id, occurred_at=later))
    assert await judge(WITHDRAWN, FRAUD) == 412
    assert await judge(WITHDRAWN, LEGITIMATE) == 202
    assert len(await published(api, payment_id)) == 4


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.VIEWER])
async def test_only_those_who_work_on_fraud_give_verdicts(api: Api, role: Role) -> None:
    client = api.client((await api.user(api.a, role, f"{role}-verdicts@a.example")).bearer)
    status, _ = await post(client, "/api/v1/payments/stripe:pi_judged/verdict", {"verdict": "fraud"})
    assert status == 403


async def test_the_quality_is_exact_after_reordered_and_repeated_messages(api: Api) -> None:
    now = api.clock.stop()
    shop = await new_shop(api)
    start = now - timedelta(days=now.weekday(), hours=now.hour)
    decisions = {
        "blocked_fraud": (Decision.BLOCK, 100),
        "blocked_unknown": (Decision.BLOCK, 200),
        "blocked_again": (Decision.BLOCK, 400),
        "reviewed_fraud": (Decision.REVIEW, 800),
        "reviewed": (Decision.REVIEW, 1600),
        "allowed_fraud": (Decision.ALLOW, 3200),
        "allowed": (Decision.ALLOW, 6400),
        "allowed_won": (Decision.ALLOW, 12800),
    }

    def about(name: str) -> dict[str, Any]:
        return {"tenant_id": shop.tenant.id, "payment_id": f"stripe:pi_{name}", "occurred_at": start}

    paid = [
        payment(PaymentSucceeded, **about(name), amount_minor=amount, event_id=f"evt_{name}")
        for name, (_, amount) in decisions.items()
    ]
    decided = [
        detection(**about(name), decision=decision, amount_minor=amount)
        for name, (decision, amount) in decisions.items()
    ]
    # A newer decision replaces the block: it is allowed now.
    newer = detection(**about("blocked_again"), decision=Decision.ALLOW, amount_minor=400)
    reports = [
        verdict(FRAUD, **about("blocked_fraud")),
        payment(DisputeOpened, **about("reviewed_fraud"), dispute_id="dp_1"),
        payment(DisputeLost, **about("reviewed_fraud"), dispute_id="dp_1"),
        payment(FraudWarningReceived, **about("allowed_fraud")),
        payment(DisputeOpened, **about("allowed_won"), dispute_id="dp_2"),
        payment(DisputeWon, **about("allowed_won"), dispute_id="dp_2"),
    ]
    panel_test = payment(PaymentSucceeded, **about("test"), test=True)
    test_decided = detection(**about("test"), decision=Decision.BLOCK)

    for order in ([*reports, newer, *decided, *paid], [*paid, *reversed(decided)], [*reversed(reports)]):
        for message in order:
            await api.project(message)
    await api.project(panel_test, test_decided)

    found = await get(api.client(shop.bearer), "/api/v1/quality?weeks=2")
    week, before = found["weeks"]
    assert (week["payments"], week["frauds"], week["judged"]) == (8, 3, 1)
    assert {name: week["blocked"][name] for name in ("payments", "frauds", "precision", "recall")} == {
        "payments": 2,
        "frauds": 1,
        "precision": 0.5,
        "recall": 1 / 3,
    }
    assert week["blocked"]["false_positive_rate"] == 1 / 5
    assert (week["flagged"]["payments"], week["flagged"]["frauds"]) == (4, 2)
    assert week["amounts"] == [
        {"currency": "BRL", "stopped_minor": 100, "lost_minor": 4000, "wrongly_blocked_minor": 200}
    ]
    assert (before["payments"], before["settled"], before["amounts"]) == (0, False, [])
    assert found["review_queue"]["payments"] == 2


async def test_the_review_queue_ages_until_a_verdict_is_given(api: Api) -> None:
    shop, now = await new_shop(api), api.clock.stop()
    client = api.client(shop.bearer)

    def reviewed(name: str, hours: int) -> Any:
        at = now - timedelta(hours=hours)
        return detection(
            tenant_id=shop.tenant.id,
            payment_id=f"stripe:pi_{name}",
            occurred_at=at,
            detection_id=uuid7_at(at),
            decision=Decision.REVIEW,
        )

    # The review queue has no panel's test either.
    test = reviewed("test", 40).model_copy(update={"test": True})
    await api.project(*(reviewed(f"waiting_{hours}", hours) for hours in (1, 5, 30)), test)
    queue = (await get(client, "/api/v1/quality"))["review_queue"]
    assert queue["payments"] == 3
    assert queue["median_age_s"] == 5 * 3600

    await api.project(verdict(LEGITIMATE, tenant_id=shop.tenant.id, payment_id="stripe:pi_waiting_30"))
    queue = (await get(client, "/api/v1/quality"))["review_queue"]
    assert (queue["payments"], queue["oldest_at"][:16]) == (2, (now - timedelta(hours=5)).isoformat()[:16])


def uuid7_at(at: Any) -> Any:
    """Return a time-ordered id of that moment."""
    fresh = uuid7().int
    milliseconds = int(at.timestamp() * 1000)
    return type(uuid7())(int=(milliseconds << 80) | (fresh & ((1 << 80) - 1)))
