"""Check an expression before it is saved."""

import re
from collections.abc import Collection, Iterator
from difflib import get_close_matches

from orylo_rules.engine import (
    CompiledExpression,
    Failed,
    NotCompiled,
    activation_of,
    compile_expression,
    error_of,
    presence_variables,
)
from orylo_rules.fields import FIELDS
from orylo_rules.problems import HAS_TAKES_A_FIELD, TIME_PARTS, RuleProblem, problems_of, type_name
from orylo_rules.source import LOOPS, Source, Token

MAX_CHARACTERS = 2_000
MAX_TOKENS = 400
# The engine compiles a pattern at each evaluation. Within these limits the dearest found takes 0.2 ms; a counted
# repetition or a Unicode class takes 50 ms.
MAX_PATTERNS = 5
MAX_PATTERN_CHARACTERS = 100
_EXPENSIVE = re.compile(r"\{|\\[pP]")

# Functions of one constant that fail on some texts, as an expression that shows whether they do.
_CONSTANTS = {
    "matches": '"".matches({})',
    "timestamp": "timestamp({}) == timestamp({})",
    "duration": "duration({}) == duration({})",
    **{getter: f"timestamp(0).{getter}({{}}) == 0" for getter in TIME_PARTS},
}


def check(expression: str, *, lists: Collection[str] | None = None) -> list[RuleProblem]:
    """Return every problem of an expression, in order of its position. Empty if it can be saved.

    Raises nothing for any text. If `lists` is given, `in_list` may only name one of them.
    """
    source = Source(expression)
    if problem := _size_problem(source):
        return [problem]
    found = [*_call_problems(source), *_pattern_problems(source), *_loop_problems(source)]
    if not found:
        found = [*_constant_problems(source)]
    if lists is not None:
        found += _list_problems(source, lists)
    try:
        compiled = compile_expression(expression)
    except NotCompiled as error:
        found += problems_of(source, str(error))
    else:
        found = found or _result_problems(compiled)
    return _one_per_position(found)


def _size_problem(source: Source) -> RuleProblem | None:
    text = source.text
    if not source.tokens:
        return RuleProblem("The expression is empty.")
    if len(text) > MAX_CHARACTERS:
        return RuleProblem(f"The expression is longer than {MAX_CHARACTERS:,} characters.")
    for offset, character in enumerate(text):
        if (character < " " and character not in "\t\n\r") or "\ud800" <= character <= "\udfff":
            return RuleProblem("The character cannot be used in an expression.", *source.position(offset))
    if len(source.tokens) > MAX_TOKENS:
        return RuleProblem(
            f"The expression has more than {MAX_TOKENS} words and signs.",
            *source.position(source.tokens[MAX_TOKENS].start),
        )
    return None


def _call_problems(source: Source) -> Iterator[RuleProblem]:
    """Find `in_list` and `has` in forms other than the ones that are supported."""
    lists = {opening for opening, _, _ in source.list_calls()}
    for token, after in zip(source.tokens, (*source.tokens[1:], Token("mark", "", -1)), strict=True):
        if token.text == "in_list" and after.start not in lists:
            message = 'Write the list\'s name in quotes: `in_list("vip")`. It has lower-case letters, digits, - and _.'
            yield RuleProblem(message, *source.position(token.start))
        if token.text == "has" and after.text != "(":
            yield RuleProblem(HAS_TAKES_A_FIELD, *source.position(token.start))


def _pattern_problems(source: Source) -> Iterator[RuleProblem]:
    """Find patterns that are not constants or that are expensive. The engine's patterns take linear time (RE2)."""
    uses = [token for token in source.tokens if token.text == "matches"]
    for number, token in enumerate(uses, start=1):
        pattern = _constant_after(source, token)
        if not pattern:
            message = '`matches` takes one pattern in quotes, as in `payment.user_agent.matches("bot|curl")`.'
            yield RuleProblem(message, *source.position(token.start))
        elif len(pattern.text) > MAX_PATTERN_CHARACTERS:
            message = f"The pattern is longer than {MAX_PATTERN_CHARACTERS} characters."
            yield RuleProblem(message, *source.position(pattern.start))
        elif _EXPENSIVE.search(pattern.text):
            message = "A pattern may not contain `{` or `\\p`, which take too long to evaluate."
            yield RuleProblem(message, *source.position(pattern.start))
        elif number > MAX_PATTERNS:
            message = f"The expression uses `matches` more than {MAX_PATTERNS} times."
            yield RuleProblem(message, *source.position(token.start))


def _loop_problems(source: Source) -> Iterator[RuleProblem]:
    """Find loops and patterns inside loops. One loop ends after as many steps as its list has items."""
    depth, start, loops, before = 0, 0, list[int](), ["", ""]
    for token in source.tokens:
        if token.text == "(":
            depth += 1
            is_loop = before[0] == "." and before[1] in LOOPS
            if loops and (is_loop or before[1] == "matches"):
                yield RuleProblem(f"`{before[1]}` cannot be used inside a loop.", *source.position(start))
            if is_loop:
                loops.append(depth)
        elif token.text == ")":
            if loops and loops[-1] == depth:
                loops.pop()
            depth -= 1
        before, start = [before[1], token.text], token.start


def _constant_problems(source: Source) -> Iterator[RuleProblem]:
    """Find patterns, times, durations and time zones that do not exist."""
    for token in source.tokens:
        template = _CONSTANTS.get(token.text)
        constant = _constant_after(source, token) if template else None
        if template and constant and (reason := error_of(template.replace("{}", constant.text))):
            message = f"`{constant.text}` does not work with `{token.text}`: {reason[:1].lower()}{reason[1:]}."
            yield RuleProblem(message, *source.position(constant.start))


def _list_problems(source: Source, lists: Collection[str]) -> Iterator[RuleProblem]:
    for opening, _, name in source.list_calls():
        if name not in lists:
            near = get_close_matches(name, lists, n=1)
            hint = f" Did you mean `{near[0]}`?" if near else ""
            yield RuleProblem(f"Unknown list `{name}`.{hint}", *source.position(opening + 1))


def _result_problems(compiled: CompiledExpression) -> list[RuleProblem]:
    """Find out whether the result is true or false, also when it is evaluated on the fields' examples."""
    if not compiled.is_boolean:
        return [RuleProblem(f"A rule must be true or false, but the result is {type_name(compiled.result_type)}.")]
    examples = {name: FIELDS[name].example for name in compiled.fields}
    activation = activation_of(
        examples,
        compiled.fields,
        presences=presence_variables(compiled.presences),
        lists=frozenset(),
        list_names=compiled.lists,
    )
    result = compiled.evaluate(activation)
    return [RuleProblem(f"Fails on the fields' examples: {result.reason}.")] if isinstance(result, Failed) else []


def _constant_after(source: Source, function: Token) -> Token | None:
    """Return the text in `function("text")`."""
    at = source.tokens.index(function)
    opening, constant, closing = (source.tokens[at + 1 : at + 4] + (Token("mark", "", -1),) * 3)[:3]
    return constant if (opening.text, constant.kind, closing.text) == ("(", "text", ")") else None


def _one_per_position(problems: list[RuleProblem]) -> list[RuleProblem]:
    """Keep the first problem of each position: ours are found before the engine's and say more."""
    by_position: dict[tuple[int, int], RuleProblem] = {}
    for problem in problems:
        by_position.setdefault((problem.line, problem.column), problem)
    return [by_position[position] for position in sorted(by_position)]
