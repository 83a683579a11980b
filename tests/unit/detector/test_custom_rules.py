"""Rules in a decision: points, overrides, shadow, snoozes, failures, time and the fuse."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orylo_common.control.models import TenantRules
from orylo_common.control.sections.detection import DetectionPolicy
from orylo_common.messages import Decision, DecisionWithout, PaymentFact, TrustStatus
from orylo_detector.detectors import Detector, custom_rules
from orylo_detector.detectors.custom_rules import RuleBook
from orylo_detector.domain.features import Features
from orylo_detector.domain.finding import Finding
from orylo_detector.domain.rule_effects import rule_points
from orylo_detector.domain.rule_values import values_of
from orylo_detector.domain.verdict import RuleFinding, Verdict
from orylo_detector.engine import TIME_LIMIT, Engine
from orylo_rules import FIELDS, AddPoints, Rule, RuleOutcome, RuleSet
from tests.unit.detector.cases import NOW, REGULAR, TENANT, attempts, features, payment

POLICY = DetectionPolicy()
IDS = count(1)
UNHURRIED = timedelta(minutes=1)
BLOCK, REVIEW, ALLOW = {"kind": "block"}, {"kind": "review"}, {"kind": "allow"}


@pytest.fixture(autouse=True)
def _unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most tests are not about time: no rule is late, even on a machine that stalls."""
    monkeypatch.setattr(custom_rules, "RuleSet", lambda rules: RuleSet(rules, time_limit=UNHURRIED))


def points(number: int) -> dict[str, Any]:
    return {"kind": "add_points", "points": number}


def rule(action: dict[str, Any], expression: str = "true", **changes: Any) -> dict[str, Any]:
    number = next(IDS)
    about = {"id": UUID(int=number), "version": 1, "name": f"rule {number}", "priority": 100, "mode": "on"}
    return about | {"expression": expression, "action": action} | changes


class Plane:
    def __init__(self, *rules: dict[str, Any], **changes: Any) -> None:
        self.stored = TenantRules(rules, **changes)

    def all_rules(self) -> Mapping[UUID, TenantRules]:
        return {TENANT: self.stored}


def finds(score: int) -> Detector:
    return Detector("sure", lambda payment, features, policy: Finding({"seen": score}), 1.0)


async def decide(plane: Plane, *, risk: int = 0, known: Features | None = None, **changes: Any) -> Verdict:
    engine = Engine([finds(risk)], rules=RuleBook(plane), time_limit=UNHURRIED)
    return await engine.decide(payment(**changes), known or features(), POLICY)


def outcome_of(verdict: Verdict) -> DecisionWithout:
    return DecisionWithout(risk_score=verdict.risk_score, decision=verdict.decision)


def points_of(verdict: Verdict) -> list[int]:
    return [each.points for each in verdict.points]


@pytest.mark.parametrize(
    ("risk", "given_points", "expected", "total"),
    [
        (30, [25], [30, 25], 55),
        (60, [-20], [60, -20], 40),
        (0, [40, -10], [40, -10], 30),
        # 30 of 70 are left: the rules share them as 50 to 20.
        (70, [50, 20], [70, 21, 9], 100),
        (0, [-50], [0], 0),
        (10, [-50, -50], [10, -5, -5], 0),
        (90, [100, -30], [90, 40, -30], 100),
        (100, [7], [100, 0], 100),
    ],
)
async def test_points_of_rules_join_the_others_and_add_up_to_the_risk(
    risk: int, given_points: list[int], expected: list[int], total: int
) -> None:
    verdict = await decide(Plane(*map(rule, map(points, given_points))), risk=risk)

    assert (points_of(verdict), verdict.risk_score, sum(expected)) == (expected, total, total)
    assert verdict.override is None


@pytest.mark.parametrize("fuse", [False, True])
@pytest.mark.parametrize("actions", [[], [points(25)], [points(-30), BLOCK], [REVIEW], [ALLOW, points(90)]])
async def test_the_outcome_without_a_detector_keeps_the_rules_and_the_one_without_rules_keeps_the_detectors(
    actions: list[dict[str, Any]], fuse: bool
) -> None:
    plane = Plane(*map(rule, actions), rule({"kind": "block"}, "false"), fuse_tripped=fuse)
    verdict = await decide(plane, risk=85)
    without_detector = await decide(plane, risk=0)
    without_rules = await decide(Plane(fuse_tripped=fuse), risk=85)

    of_detector, of_rules = verdict.detectors
    assert of_detector.otherwise == outcome_of(without_detector)
    assert of_rules.otherwise == (outcome_of(without_rules) if actions else None)


@given(st.integers(0, 100), st.lists(st.integers(-100, 100).filter(bool), max_size=20))
def test_points_of_rules_add_up_for_any_risk(risk: int, given_points: list[int]) -> None:
    hits = tuple(
        Rule(id=UUID(int=number + 1), name="r", expression="true", action=AddPoints(points=each), mode="on")
        for number, each in enumerate(given_points)
    )
    found = rule_points(RuleOutcome(hits), risk)

    assert risk + sum(each.points for each in found) == min(max(risk + sum(given_points), 0), 100)
    assert len(found) == len(given_points)
    # None has the other sign than its author gave it.
    signs = {each.reason.rpartition(".")[2]: each.points for each in found}
    assert all(signs[str(hit.id)] * each >= 0 for hit, each in zip(hits, given_points, strict=True))


@pytest.mark.parametrize(
    ("risk", "rules", "decision", "override"),
    [
        (0, [rule(points(50))], "review", None),
        (45, [rule(points(40))], "block", None),
        (95, [rule(points(-60))], "allow", None),
        (0, [rule(BLOCK)], "block", "rule"),
        (95, [rule(ALLOW)], "allow", "rule"),
        (0, [rule(BLOCK, priority=1), rule(ALLOW, priority=2)], "allow", "rule"),
        (0, [rule(BLOCK, "payment.amount > 1000")], "allow", None),
        (95, [rule(ALLOW, mode="shadow")], "block", None),
        (95, [rule(ALLOW, mode="off")], "block", None),
    ],
    ids=lambda value: str(value)[:20],
)
async def test_rules_decide_by_priority_at_any_risk(
    risk: int, rules: Sequence[dict[str, Any]], decision: str, override: str | None
) -> None:
    verdict = await decide(Plane(*rules), risk=risk)

    assert (verdict.decision, verdict.override) == (decision, override)


@pytest.mark.parametrize(
    ("status", "decision"), [(TrustStatus.BLOCKED, Decision.BLOCK), (TrustStatus.ALLOWLISTED, Decision.ALLOW)]
)
async def test_the_customers_list_entry_comes_before_the_rules(status: TrustStatus, decision: Decision) -> None:
    listed = features(customer=replace(REGULAR, status=status))
    for action in (BLOCK, ALLOW, points(100)):
        verdict = await decide(Plane(rule(action)), known=listed)
        assert (verdict.decision, verdict.override) == (decision, status.value)


@pytest.mark.parametrize("action", [BLOCK, REVIEW, ALLOW, points(60), points(-60)], ids=str)
@pytest.mark.parametrize("risk", [10, 60, 90])
async def test_a_rule_in_shadow_changes_nothing_and_shows_what_it_would_have_done(
    action: dict[str, Any], risk: int
) -> None:
    without = await decide(Plane(), risk=risk)
    applied = await decide(Plane(rule(action)), risk=risk)
    shadow = rule(action, mode="shadow")
    verdict = await decide(Plane(shadow), risk=risk)

    same = ("decision", "risk_score", "points", "override", "degraded")
    assert [getattr(verdict, name) for name in same] == [getattr(without, name) for name in same]
    [hit] = verdict.rules
    assert (hit.rule_id, hit.mode, hit.otherwise) == (shadow["id"], "shadow", applied.decision)
    assert applied.rules[0].otherwise is without.decision


async def test_each_hit_shows_the_decision_without_it() -> None:
    blocks, reviews = rule(BLOCK, priority=200), rule(REVIEW)
    verdict = await decide(Plane(blocks, reviews, rule(points(5)), rule(ALLOW, mode="shadow", priority=300)))

    assert [(each.action, each.otherwise) for each in verdict.rules] == [
        ("block", "review"), ("review", "block"), ("add_points", "block"), ("allow", "allow"),
    ]  # fmt: skip


async def test_a_snoozed_rule_does_not_apply_to_that_customer_until_the_snooze_ends() -> None:
    blocks, adds = rule(BLOCK), rule(points(5))
    plane = Plane(blocks, adds, snoozes={"cus_1": {blocks["id"]: NOW + timedelta(hours=1)}})

    during = await decide(plane)
    after = await decide(plane, occurred_at=NOW + timedelta(hours=1))
    other = await decide(plane, customer_id="cus_2")
    unknown = await decide(plane, customer_id=None)
    assert (during.decision, during.risk_score) == (Decision.ALLOW, 5)
    assert {each.decision for each in (after, other, unknown)} == {Decision.BLOCK}


async def test_a_rule_that_fails_is_named_and_the_others_apply() -> None:
    fails, broken = rule(BLOCK, "1 / customer.refunds == 1"), rule(BLOCK, "no.such.field == 1")
    unreadable = rule({"kind": "explode"})
    verdict = await decide(Plane(fails, broken, unreadable, rule(points(7))))

    assert set(verdict.degraded) == {f"custom_rules.{fails['id']}", f"custom_rules.{broken['id']}"}
    assert (verdict.decision, points_of(verdict)) == (Decision.ALLOW, [7])


async def test_if_the_rules_cannot_be_evaluated_the_decision_is_made_without_them() -> None:
    class Broken:
        def evaluate(self, payment: PaymentFact, features: Features, /) -> RuleFinding:
            raise RuntimeError

    verdict = await Engine([finds(60)], rules=Broken(), time_limit=UNHURRIED).decide(payment(), features(), POLICY)

    assert (verdict.decision, verdict.degraded) == (Decision.REVIEW, ("custom_rules",))


def heavy(number: int) -> dict[str, Any]:
    """Build a rule near every limit of its size that is true of no payment."""
    loops = " || ".join(f'payment.products.exists(p, p.contains("{number}x{each}") || p == "")' for each in range(20))
    return rule(BLOCK, loops, name=f"heavy {number}")


async def test_slow_rules_cannot_slow_a_decision_past_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(custom_rules, "RuleSet", RuleSet)
    plane = Plane(rule(points(5), priority=1000), *map(heavy, range(400)))
    engine = Engine([finds(60)], rules=RuleBook(plane), time_limit=UNHURRIED)
    sold = payment(products=[{"product_id": f"{'product' * 60}{number}"} for number in range(100)])

    taken = []
    for _ in range(5):
        begin = time.perf_counter()
        verdict = await engine.decide(sold, features(), POLICY)
        taken.append(time.perf_counter() - begin)

    assert min(taken) < TIME_LIMIT.total_seconds()
    late = [each for each in verdict.degraded if each.startswith("custom_rules.")]
    assert 0 < len(late) < 400
    # The rule with the highest priority came first, and the detectors' finding is kept.
    assert (verdict.decision, verdict.risk_score) == (Decision.REVIEW, 65)


async def test_a_tripped_fuse_reviews_what_rules_and_the_risk_would_block() -> None:
    blocked = await decide(Plane(rule(BLOCK), fuse_tripped=True))
    risky = await decide(Plane(fuse_tripped=True), risk=95)
    listed = await decide(
        Plane(rule(BLOCK), fuse_tripped=True), known=features(customer=replace(REGULAR, status=TrustStatus.BLOCKED))
    )
    allowed = await decide(Plane(rule(ALLOW), fuse_tripped=True), risk=95)

    assert [(each.decision, each.override) for each in (blocked, risky)] == [(Decision.REVIEW, "fuse")] * 2
    assert (listed.decision, listed.override) == (Decision.BLOCK, "blocked")
    assert (allowed.decision, allowed.override) == (Decision.ALLOW, "rule")


async def test_only_changed_rules_are_compiled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[list[Rule]] = []

    def record(rules: list[Rule]) -> RuleSet:
        compiled.append(list(rules))
        return RuleSet(rules, time_limit=UNHURRIED)

    plane = Plane(rule(BLOCK))
    monkeypatch.setattr(custom_rules, "RuleSet", record)
    book = RuleBook(plane)
    before = len(compiled)
    book.follow()
    plane.stored = replace(plane.stored, fuse_tripped=True)
    book.follow()
    for _ in range(3):
        book.evaluate(payment(), features())
    assert len(compiled) == before
    plane.stored = replace(plane.stored, rules=(rule(ALLOW),))
    book.follow()
    assert len(compiled) == before + 1
    assert book.evaluate(payment(), features()).outcome.decision == "allow"


async def test_another_tenants_rules_do_not_apply() -> None:
    assert (await decide(Plane(rule(BLOCK)), tenant_id=UUID(int=7))).rules == ()


def test_every_field_has_its_value_and_type() -> None:
    complete = payment(
        payment_method="card",
        installments=3,
        card={"brand": "visa", "country": "BR", "funding": "credit", "last4": "4242", "fingerprint": "fp_1"},
        subscription={"recurrence": 2, "renewal": True},
        customer_flags={
            "disposable_email": False, "email_domain_hash": "ab", "phone_country": "BR", "billing_country": "PT",
        },
        user_agent="Mozilla",
        tracking={"utm_source": "fb", "utm_medium": "cpc", "utm_campaign": "may"},
    )  # fmt: skip
    known = features({entity: attempts(3) for entity in ("customer", "card", "ip", "device")}, ip_country="PT")
    values = values_of(complete, known, frozenset(FIELDS))

    missing = {name for name in FIELDS if values.get(name) is None}
    assert missing == {"payment.failure_code"}
    assert set(values) <= set(FIELDS)
    rules = [
        Rule(id=UUID(int=number + 1), name=name, expression=f"{name} == {name}", action=AddPoints(points=1), mode="on")
        for number, name in enumerate(values)
    ]
    outcome = RuleSet(rules, time_limit=UNHURRIED).evaluate(values)
    assert outcome.failed == ()
    assert len(outcome.hits) == len(FIELDS) - 1
    assert (values["payment.amount"], values["velocity.card.attempts_1m"], values["velocity.card.amount_1h"]) == (
        100.0, 3, 30.0,
    )  # fmt: skip
    assert (values["customer.age_days"], values["ip.country"], values["payment.status"]) == (200.0, "PT", "succeeded")


def test_values_that_could_not_be_read_are_missing() -> None:
    values = values_of(payment(customer_id=None, card=None), Features(None, None, None), frozenset(FIELDS))

    assert not [name for name, value in values.items() if name.startswith(("velocity", "card")) and value is not None]
    assert values.get("customer.payments") is None
