from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orylo_rules import FIELDS
from orylo_rules.combination import MAX_COMBINED, combine, guarded_fields, is_simple
from orylo_rules.engine import CompiledExpression, activation_of, compile_expression, presence_variables
from orylo_rules.reference import EXAMPLES

VALUES = {name: field.example for name, field in FIELDS.items()}
SIMPLE = [
    *(text for text in EXAMPLES.values() if "matches" not in text and "exists" not in text),
    'card.brand in ["visa", "(", "||"] // or: (',
    '!(card.country in ["BR"]) && (((ip.country != "BR")))',
    "(payment.live || has(card.brand)) && !has(card.country)",
    '(card.brand) == "visa" && (payment.installments) > (1) || (payment.test)',
    'payment.user_agent.contains("&&") || in_list("vip") || "prod_1" in payment.products',
    'payment.occurred_at.getHours("America/Sao_Paulo") < 6 && !in_list("watch")',
]


def compiled(*texts: str) -> list[CompiledExpression]:
    return [compile_expression(text) for text in texts]


def activation(expressions: Sequence[CompiledExpression], values: dict[str, Any], lists: list[str] | None) -> Any:
    asked = frozenset[str]().union(*(each.presences | guarded_fields(each) for each in expressions))
    return activation_of(
        values,
        frozenset[str]().union(*(each.fields for each in expressions)),
        presences=presence_variables(asked),
        lists=lists,
        list_names={"vip", "watch"},
    )


@pytest.mark.parametrize("text", SIMPLE)
def test_comparisons_joined_by_and_and_or_are_simple(text: str) -> None:
    assert is_simple(*compiled(text))


@pytest.mark.parametrize(
    "text",
    [
        '!(card.country == "BR" && payment.live)',
        '(card.country == "BR" || payment.live) == payment.test',
        "has(card.country) ? payment.live : payment.test",
        "payment.installments / customer.payments > 1",
        'payment.products[0] == "prod_1"',
        "[1][0] == 1",
        "payment.amount > double(payment.installments)",
        'payment.user_agent.matches("bot")',
        'payment.products.exists(product, product == "prod_1")',
        'payment.method + "x" == "cardx"',
        "payment.amount",
    ],
)
def test_what_can_fail_takes_long_or_has_other_connectives_is_not_simple(text: str) -> None:
    assert not is_simple(*compiled(text))


@given(st.sets(st.sampled_from([*VALUES])), st.sampled_from([None, ["vip"], []]))
@settings(max_examples=100, deadline=None)
def test_a_combination_agrees_with_each_expression_whatever_values_are_missing(
    missing: set[str], lists: list[str] | None
) -> None:
    expressions = compiled(*SIMPLE)
    combination = combine(expressions)
    assert combination
    variables = activation(expressions, {name: value for name, value in VALUES.items() if name not in missing}, lists)

    bits = combination.evaluate(variables)

    # A field that every payment has is not asked for: without it the combination fails, and says so.
    if bits is None:
        assert any(not FIELDS[name].optional for name in missing)
    else:
        assert [bool(bits >> at & 1) for at in range(len(expressions))] == [
            each.evaluate(variables) for each in expressions
        ]


def test_expressions_that_are_too_deep_together_are_not_combined() -> None:
    deep = "(!" * 28 + "payment.live" + ")" * 28

    assert all(map(is_simple, compiled(deep)))
    assert combine(compiled(*[deep] * MAX_COMBINED)) is None
