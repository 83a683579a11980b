import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orylo_rules import FIELDS, MAX_CHARACTERS, MAX_TOKENS, check
from orylo_rules.problems import FUNCTIONS
from orylo_rules.reference import EXAMPLES

VALID = [
    "true",
    "payment.amount > 100",
    "payment.amount >= 99.9 && payment.amount < 1500",
    "payment.amount_minor > 2.5",
    "payment.amount == 100.0",
    "payment.installments in [1, 2]",
    'card.brand in ["visa", "elo"]',
    '"prod_1" in payment.products',
    "has(card.country) && !has(ip.country)",
    "has ( card . country )",
    'card.brand == "has(card.contry)"',
    "true // has(card.contry)",
    'in_list("vip") || !in_list("blocked_cards-2")',
    'payment.user_agent.matches("(?i)bot|curl")',
    'payment.occurred_at.getHours("America/Sao_Paulo") < 6',
    'payment.occurred_at > timestamp("2026-01-01T00:00:00Z")',
    'payment.occurred_at - customer.first_paid_at < duration("1h")',
    'payment.products.exists(p, p.startsWith("prod"))',
    "payment.products.all(p, size(p) > 2) && payment.products.exists_one(p, true)",
    "payment.live ? payment.amount > 10 : payment.test",
    "velocity.card.attempts_1h > 5 || velocity.ip.amount_24h > 100",
    "customer.disposable_email",
    'customer.email_domain_hash.contains("9f")',
    "double(payment.installments) * 2.0 > payment.amount",
    "payment\n.\namount > 1",
    r'card.brand == "a\"b" || card.brand == r"\d"',
]

# Expression, line, column, and a part of the message.
INVALID = [
    ('card.contry == "BR"', 1, 1, "Unknown field `card.contry`. Did you mean `card.country`?"),
    ('true\n  && card.contry == "BR"', 2, 6, "Did you mean `card.country`?"),
    ('"é𝒳" == card.contry', 1, 9, "Did you mean `card.country`?"),
    ("has(card.contry)", 1, 5, "Unknown field `card.contry`. Did you mean `card.country`?"),
    ('card.contry.startsWith("B")', 1, 1, "Did you mean `card.country`?"),
    ("payment.ammount > 1", 1, 1, "Did you mean `payment.amount`?"),
    ("velocity.card.attempts_2h > 1", 1, 1, "Did you mean `velocity.card.attempts_24h`?"),
    ("vip", 1, 1, "Unknown field `vip`."),
    ("card == 1", 1, 1, "`card` is a group of fields. Name one of them, such as `card.brand`."),
    ('card["brand"] == "x"', 1, 1, "`card` is a group of fields"),
    ("velocity.card > 1", 1, 1, "`velocity.card` is a group of fields"),
    ('in_lst("vip")', 1, 1, "Unknown function `in_lst`. Did you mean `in_list`?"),
    ('card.brand.startswith("v")', 1, 12, "Unknown function `startswith`. Did you mean `startsWith`?"),
    ("payment.products.exist(p, true)", 1, 18, "Did you mean `exists`?"),
    ("payment.products.exists(p)", 1, 18, "`exists` cannot be used like this."),
    ("dyn(1) == 1", 1, 1, "Unknown function `dyn`."),
    ('payment.amount > "100"', 1, 16, "`>` does not work on a decimal number and a text. Numbers are written without"),
    ("payment.amount == 100", 1, 16, "Write both as decimal numbers: `100.0`"),
    ("payment.amount in [100]", 1, 16, "Write both as decimal numbers"),
    ("card.country == null", 1, 14, "write `has(card.country)`"),
    ('payment.live == "true"', 1, 14, "`==` does not work on a true/false value and a text."),
    ('-card.brand == "x"', 1, 1, "`-` does not work on a text."),
    ("!card.brand", 1, 1, "`!` does not work on a text."),
    ('card.brand in "visa"', 1, 12, "`in` does not work on a text and a text."),
    ("size(1) > 1", 1, 5, "`size` does not work on a whole number."),
    ("payment.products.exists(p, p.x == 1)", 1, 29, "A text has no fields."),
    ("payment.amount", 1, 1, "must be true or false, but the result is a decimal number."),
    ("payment.products", 1, 1, "the result is a list."),
    ("", 1, 1, "The expression is empty."),
    (" \n // only a comment", 1, 1, "The expression is empty."),
    ("x" * (MAX_CHARACTERS + 1), 1, 1, "longer than 2,000 characters"),
    ("true" + "||true" * (MAX_TOKENS // 2), 1, 1 + 3 * MAX_TOKENS, "more than 400 words and signs"),
    ("(" * 100 + "true" + ")" * 100, 1, 1, "nested too deeply"),
    ("true && ", 1, 9, "The expression ends too early."),
    ("(true", 1, 6, "`)` is missing."),
    ("true)", 1, 5, "Unexpected `)`."),
    ("true ? 1", 1, 9, "`:` is missing."),
    ('card.country = "BR"', 1, 14, "Unexpected `=`. Write `==`."),
    ("true and false", 1, 6, "Unexpected `and`. Write `&&`."),
    ("true OR false", 1, 6, "Unexpected `OR`. Write `||`."),
    ("true && not payment.live", 1, 9, "Write `!` in place of `not`."),
    ("true & false", 1, 6, "Write `&&`."),
    ("card.brand == “x”", 1, 15, 'Write `"`.'),
    ('card.brand == "x', 1, 15, "The text is not closed"),
    ('"\\q" == card.brand', 1, 1, "a backslash that means nothing"),
    ("payment.amount > 1.500,00", 1, 23, "Write decimals with a point"),
    ("payment.amount > R$ 100", 1, 19, "Unexpected `$`."),
    ("99999999999999999999 > 1", 1, 1, "Invalid int literal."),
    ("if(true)", 1, 1, "Reserved identifier: if."),
    ("has(1)", 1, 5, "`has` takes the name of a field"),
    ("has(card)", 1, 5, "`has` takes the name of a field"),
    ("has.card.country", 1, 1, "`has` takes the name of a field"),
    ("in_list(card.brand)", 1, 1, "Write the list's name in quotes"),
    ('in_list("VIP list")', 1, 1, "lower-case letters"),
    ('in_list["vip"]', 1, 1, "Write the list's name in quotes"),
    ('payment.user_agent.matches("(a")', 1, 28, "invalid regular expression: missing )"),
    ('payment.user_agent.matches("(.{0,30}){0,30}Z")', 1, 28, "may not contain `{`"),
    (r'payment.user_agent.matches("\\pL+")', 1, 28, "may not contain `{` or `\\p`"),
    ('payment.user_agent.matches("' + "a" * 100 + '")', 1, 28, "longer than 100 characters"),
    ("payment.user_agent.matches(card.brand)", 1, 20, "`matches` takes one pattern in quotes"),
    ('matches(card.brand, "a")', 1, 1, "`matches` takes one pattern in quotes"),
    (" || ".join(['card.brand.matches("a")'] * 6), 1, 147, "more than 5 times"),
    ("payment.products.exists(p, payment.products.exists(q, p == q))", 1, 45, "cannot be used inside a loop"),
    ('payment.products.exists(p, p.matches("a"))', 1, 30, "`matches` cannot be used inside a loop."),
    ('payment.occurred_at.getHours("America/Sao_Pauo") < 6', 1, 30, "invalid timezone"),
    ('payment.occurred_at > timestamp("yesterday")', 1, 33, "does not work with `timestamp`"),
    ('duration("1 hour") > duration("1h")', 1, 10, "does not work with `duration`"),
    ("1 / 0 == 1", 1, 1, "Fails on the fields' examples: divide by zero."),
    ("\ud800", 1, 1, "cannot be used in an expression"),
    ("true\0", 1, 5, "cannot be used in an expression"),
]


@pytest.mark.parametrize("expression", [*VALID, *EXAMPLES.values()])
def test_a_valid_expression_has_no_problems(expression: str) -> None:
    assert check(expression) == []


@pytest.mark.parametrize(("expression", "line", "column", "part"), INVALID, ids=[repr(i[0][:40]) for i in INVALID])
def test_a_problem_names_its_position_and_the_remedy(expression: str, line: int, column: int, part: str) -> None:
    first = check(expression)[0]

    assert (first.line, first.column) == (line, column)
    assert part in first.message


def test_every_problem_of_an_expression_is_reported_in_order() -> None:
    problems = check('card.contry == "BR" && payment.amount > "1"\n|| in_lst("x")')

    assert [(problem.line, problem.column) for problem in problems] == [(1, 1), (1, 39), (2, 4)]


def test_a_list_that_does_not_exist_is_reported_with_the_nearest_one() -> None:
    assert check('in_list("vip")', lists=["vip"]) == []

    problem = check('true && in_list("vpi")', lists=["vip", "blocked"])[0]

    assert (problem.column, problem.message) == (17, "Unknown list `vpi`. Did you mean `vip`?")


@pytest.mark.parametrize("name", FIELDS)
def test_every_field_can_be_asked_for_and_its_near_misses_are_found(name: str) -> None:
    assert check(f"has({name})") == []
    assert check(f"has({name}x)")[0].message.startswith(f"Unknown field `{name}x`. Did you mean `")


# Expressions that are nearly right find more than random text does.
SIGNS = "( ) [ ] { } && || ! == = < > , . ? : + - / % 1 0 1.5 1u null true // \\ é 𝒳 p @ ' has( in_list( r\""
WORDS = st.sampled_from([*FIELDS, *FUNCTIONS, *SIGNS.split(), '"vip"', '"""', "\n", " "])
TEXTS = st.one_of(st.text(max_size=200), *(st.lists(WORDS, max_size=40).map(gap.join) for gap in ("", " ")))


@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_no_text_makes_the_check_raise(expression: str) -> None:
    lines = expression.split("\n")

    for problem in check(expression):
        assert problem.message.endswith((".", "?"))
        assert 1 <= problem.line <= len(lines)
        assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1
