from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, get_args
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from orylo_common.control.sections.detection import Entity, Window
from orylo_common.messages import Decision
from orylo_rules import FIELDS, AddPoints, AddToList, Decide, FieldType, Rule, RuleAction, RuleDecision, RuleSet, check
from orylo_rules.fields import ENTITIES, WINDOWS

IDS = count(1)
ANYTHING = st.one_of(st.none(), st.text(), st.integers(), st.floats(), st.booleans(), st.lists(st.text()))
EXAMPLES = {name: field.example for name, field in FIELDS.items()}


def unhurried(rules: Iterable[Rule]) -> RuleSet:
    """Build a set that a busy machine does not make late."""
    return RuleSet(rules, time_limit=timedelta(minutes=1))


def rule(expression: str = "true", action: RuleAction | None = None, **changes: Any) -> Rule:
    given: dict[str, Any] = {"id": UUID(int=next(IDS)), "name": "a rule", "mode": "on"} | changes
    return Rule(expression=expression, action=action or AddPoints(points=10), **given)


def holds(expression: str, values: dict[str, Any], lists: list[str] | None = None) -> bool:
    outcome = unhurried([rule(expression)]).evaluate(values, lists=lists)
    assert outcome.failed == ()
    return bool(outcome.hits)


@pytest.mark.parametrize(
    ("expression", "values", "expected"),
    [
        ('card.country == "BR"', {"card.country": "BR"}, True),
        ('card.country == "BR"', {}, False),
        ('card.country == "BR"', {"card.country": None}, False),
        ('card.country != "BR"', {}, False),
        ('!(card.country == "BR")', {}, False),
        ("card.country != ip.country", {"card.country": "BR"}, False),
        ('card.country == "BR" || payment.live', {"payment.live": True}, True),
        ('payment.live || card.country == "BR"', {"payment.live": True}, True),
        ('!(card.country == "BR" && payment.live)', {"payment.live": False}, True),
        ('card.country != "BR" || !has(card.country)', {}, True),
        ("has(card.country)", {}, False),
        ("has(card.country)", {"card.country": ""}, True),
        ("has(velocity.card.attempts_1h)", {"velocity.card.attempts_1h": 0}, True),
        ("customer.payments == 0", {}, False),
        ("customer.payments == 0", {"customer.payments": 0}, True),
        ("payment.amount > 1500", {"payment.amount": 1500.01}, True),
        ("payment.amount > 1500", {"payment.amount": 1500}, False),
        ("customer.age_days < 1", {}, False),
        ('payment.products.exists(p, p == "b")', {"payment.products": ("a", "b")}, True),
        ('"b" in payment.products', {"payment.products": ["a"]}, False),
        ('card.brand in ["visa"]', {}, False),
        ('card.brand.startsWith("v")', {}, False),
    ],
)
def test_a_rule_applies_only_if_it_is_certainly_true(expression: str, values: dict[str, Any], expected: bool) -> None:
    assert check(expression) == []
    assert holds(expression, values) is expected


def test_the_hour_is_read_in_the_time_zone_that_the_rule_names() -> None:
    night = {"payment.occurred_at": datetime(2026, 5, 10, 5, 30, tzinfo=UTC)}

    assert holds('payment.occurred_at.getHours("America/Sao_Paulo") == 2', night)
    assert holds("payment.occurred_at.getHours() == 5", night)


def test_membership_of_lists_is_unknown_unless_the_lists_were_read() -> None:
    assert holds('in_list("vip")', {}, ["vip"])
    assert holds('!in_list("vip")', {}, ["other"])
    assert not holds('in_list("vip")', {}, None)
    assert not holds('!in_list("vip")', {}, None)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_the_rule_set_agrees_with_three_valued_logic(data: st.DataObject) -> None:
    names = ("payment.live", "payment.renewal", "customer.disposable_email")
    values = {name: data.draw(st.sampled_from([True, False, None])) for name in names}

    def draw(depth: int) -> tuple[str, bool | None]:
        kind = data.draw(st.sampled_from(["field"] if depth == 0 else ["field", "not", "and", "or"]))
        if kind == "field":
            name = data.draw(st.sampled_from(names))
            return name, values[name]
        left, left_value = draw(depth - 1)
        if kind == "not":
            return f"!({left})", None if left_value is None else not left_value
        right, right_value = draw(depth - 1)
        absorbing = kind == "or"
        pair = (left_value, right_value)
        result = absorbing if absorbing in pair else None if None in pair else not absorbing
        return f"({left}) {'||' if absorbing else '&&'} ({right})", result

    drawn = [draw(3) for _ in range(data.draw(st.integers(1, 4)))]
    rules = [rule(expression) for expression, _ in drawn]

    outcome = unhurried(rules).evaluate(values)

    assert not outcome.failed
    assert set(outcome.hits) == {each for each, (_, expected) in zip(rules, drawn, strict=True) if expected}


def test_the_highest_priority_decides_and_among_equals_the_most_severe() -> None:
    def decision(*rules: tuple[RuleDecision, int]) -> str | None:
        return unhurried(rule(action=Decide(kind=kind), priority=at) for kind, at in rules).evaluate({}).decision

    assert decision(("block", 10), ("allow", 20)) == "allow"
    assert decision(("allow", 10), ("block", 10), ("review", 10)) == "block"
    assert decision(("allow", 10), ("review", 10)) == "review"
    assert decision() is None


def test_points_are_summed_and_rules_that_list_are_in_order_of_priority() -> None:
    rules = [
        rule(action=AddPoints(points=40)),
        rule(action=AddPoints(points=-15), priority=500),
        rule(action=AddToList(list="watch")),
        rule(action=AddToList(list="first"), priority=900),
        rule(action=AddToList(list="watch"), priority=1),
    ]

    outcome = unhurried(rules).evaluate({})

    assert (outcome.points, outcome.decision) == (25, None)
    assert [hit.priority for hit in outcome.listing] == [900, 100, 1]
    assert [hit.priority for hit in outcome.hits] == [900, 500, 100, 100, 1]


def test_shadow_rules_have_no_effect_and_off_rules_are_left_out() -> None:
    shadow = rule(action=Decide(kind="block"), mode="shadow", priority=1000)
    rules = [shadow, rule(action=Decide(kind="block"), mode="off"), rule(action=Decide(kind="allow"))]

    outcome = unhurried(rules).evaluate({})

    assert (outcome.decision, outcome.shadow_hits) == ("allow", (shadow,))


def test_a_rule_that_fails_is_named_and_the_others_go_on() -> None:
    rules = [
        rule("payment.installments / customer.refunds > 1", priority=900),
        rule("payment.no_longer_a_field > 1", priority=800),
        rule("payment.amount > 1.0", priority=700),
        rule(priority=600),
    ]

    outcome = unhurried(rules).evaluate({"payment.installments": 3, "customer.refunds": 0, "payment.amount": "much"})

    assert outcome.hits == (rules[3],)
    reasons = {failure.rule.priority: failure.reason for failure in outcome.failed}
    assert reasons[900] == "divide by zero"
    assert "payment.no_longer_a_field" in reasons[800]
    assert "payment.amount" in reasons[700]


def test_rules_that_have_not_begun_at_the_time_limit_are_late_and_shadow_rules_come_last() -> None:
    # A pattern is evaluated by itself.
    shadow, high, low = (
        rule('"x".matches("x")', **changes)
        for changes in ({"mode": "shadow", "priority": 1000}, {"priority": 2}, {"priority": 1})
    )
    snoozed = rule('"x".matches("x")')
    seconds: Iterator[int] = count()

    outcome = RuleSet([low, shadow, high, snoozed], time_limit=timedelta(seconds=1.5)).evaluate(
        {}, snoozed=[snoozed.id], clock=lambda: next(seconds)
    )

    assert (outcome.hits, outcome.late) == ((high,), (low, shadow))


def test_rules_that_were_evaluated_together_are_not_late() -> None:
    seconds: Iterator[int] = count()
    together = [rule(f"payment.amount_minor > {amount}") for amount in range(40)]
    alone = rule('"x".matches("x")')

    outcome = RuleSet([*together, alone], time_limit=timedelta(seconds=0.5)).evaluate(
        {"payment.amount_minor": 100}, clock=lambda: next(seconds)
    )

    assert (outcome.hits, outcome.late) == (tuple(together), (alone,))


def test_a_snoozed_rule_is_left_out_of_those_that_are_evaluated_together() -> None:
    first, second = rule(), rule()

    assert unhurried([first, second]).evaluate({}, snoozed=[first.id]).hits == (second,)


@given(st.dictionaries(st.sampled_from([*FIELDS]), ANYTHING))
@settings(max_examples=100, deadline=None)
def test_no_value_makes_the_evaluation_raise(values: dict[str, Any]) -> None:
    rules = unhurried(rule(f"has({name}) && {name} == {name}") for name in FIELDS)

    outcome = rules.evaluate(values)

    assert len(outcome.hits) + len(outcome.failed) <= len(rules)
    assert not outcome.late


def test_a_loop_reads_the_first_hundred_items() -> None:
    products = ["x"] * 100 + ["last"]

    assert holds("size(payment.products) == 100", {"payment.products": products})
    assert not holds('payment.products.exists(p, p == "last")', {"payment.products": products})


def test_a_rule_survives_json() -> None:
    for action in (Decide(kind="review"), AddPoints(points=-5), AddToList(list="watch")):
        stored = rule(action=action)
        assert Rule.model_validate_json(stored.model_dump_json()) == stored


@pytest.mark.parametrize(
    "changes",
    [
        {"name": " "},
        {"expression": ""},
        {"expression": "x" * 2001},
        {"priority": 1001},
        {"version": 0},
        {"mode": "maybe"},
        {"action": {"kind": "add_points", "points": 101}},
        {"action": {"kind": "add_points", "points": 0}},
        {"action": {"kind": "add_to_list", "list": "A list"}},
        {"action": {"kind": "refund"}},
        {"unknown": 1},
    ],
    ids=str,
)
def test_a_rule_outside_its_limits_is_refused(changes: dict[str, Any]) -> None:
    stored = rule().model_dump(mode="json")

    with pytest.raises(ValidationError):
        Rule.model_validate(stored | changes)


def test_a_new_rule_is_in_shadow() -> None:
    assert Rule(id=UUID(int=1), name="a", expression="true", action=Decide(kind="block")).mode == "shadow"


def test_entities_windows_and_decisions_are_the_detectors() -> None:
    assert set(ENTITIES) == set(get_args(Entity))
    assert set(WINDOWS) == set(get_args(Window))
    assert set(get_args(RuleDecision)) == set(Decision)


@pytest.mark.parametrize("field", FIELDS.values(), ids=str)
def test_every_example_has_its_fields_type(field: Any) -> None:
    constants = {FieldType.WHOLE: "0", FieldType.DECIMAL: "0.5", FieldType.TEXT: '""', FieldType.BOOLEAN: "true"}
    constant = constants.get(field.type)

    assert not unhurried([rule(f"{field.name} == {constant or field.name}")]).evaluate(EXAMPLES).failed
