"""Several rules in one evaluation: the engine takes 1.3 µs to begin one, more than most rules take."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

from orylo_rules.engine import LISTS_KNOWN, CompiledExpression, NotCompiled, compile_program, presence_variables
from orylo_rules.fields import FIELDS
from orylo_rules.source import LOOPS, Source

# Compiling one takes as long as compiling its expressions: 30 ms for 16.
MAX_COMBINED = 16
# About 200 kB each.
COMPILED_COMBINATIONS = 256
_CONNECTIVES = frozenset({"&&", "||"})
# What takes long, because a combination cannot be stopped at the time limit,
_LONG = LOOPS | {"matches", "+"}
# what can fail,
_FAILING = frozenset({"/", "%", "*", "int", "uint", "double", "string", "bytes", "bool", "timestamp", "duration"})
# and the conditional, of which a missing value may decide nothing.
_NOT_SIMPLE = _LONG | _FAILING | {"?"}
_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")


@dataclass(frozen=True, slots=True)
class Combination:
    """Expressions that are evaluated together, as one that returns a bit for each of them."""

    program: Any

    def evaluate(self, activation: Any) -> int | None:
        """Return the sum of 2ⁿ for each expression n that is true, or None if one failed."""
        try:
            bits = self.program.eval(activation).value()
        # As for one expression: the conversion of a value may raise anything.
        except Exception:  # noqa: BLE001
            return None
        # The value of an error is its text.
        return bits if isinstance(bits, int) else None


class Operand(NamedTuple):
    """An operand of `&&` or `||` that contains neither: its first token, and the one after its last."""

    begin: int
    end: int


def is_simple(expression: CompiledExpression) -> bool:
    """Return whether a combination may contain the expression."""
    source = expression.source
    texts = [token.text for token in source.tokens]
    if not expression.is_boolean or not _NOT_SIMPLE.isdisjoint(texts):
        return False
    if texts.count("has") != len([*source.has_calls()]):
        return False
    # An index may be out of range; a list in brackets follows `in`.
    if any(text == "[" and before != "in" for before, text in pairwise(["", *texts])):
        return False
    return all(_CONNECTIVES.isdisjoint(texts[begin:end]) for begin, end in _operands(texts, 0, len(texts)))


def guarded_fields(expression: CompiledExpression) -> frozenset[str]:
    """Return the fields whose presence a combination with the expression asks for."""
    return frozenset(name for name in expression.fields if FIELDS[name].optional)


def combine(expressions: Sequence[CompiledExpression]) -> Combination | None:
    """Combine at most `MAX_COMBINED` simple expressions, or return None if they are too deep together."""
    terms = [f"({_guarded(each.source)}\n? {1 << at} : 0)" for at, each in enumerate(expressions)]
    program = _compiled(_sum(terms))
    return Combination(program) if program else None


@lru_cache(maxsize=COMPILED_COMBINATIONS)
def _compiled(text: str) -> Any:
    try:
        return compile_program(text)
    except NotCompiled:
        return None


def _sum(terms: Sequence[str]) -> str:
    """Add in halves: the engine limits the depth of an expression to 32."""
    half = len(terms) // 2
    return f"({_sum(terms[:half])} + {_sum(terms[half:])})" if half else terms[0]


def _guarded(source: Source) -> str:
    """Make each operand that reads a missing value false.

    A missing value is an error to the engine, which ends the whole combination. `&&` and `||` of an expression without
    other connectives are true with false in place of unknown exactly if they are true for every value of the unknown.
    """
    text, done, parts = source.rewritten(), 0, [""]
    for begin, end in _operands([token.text for token in source.tokens], 0, len(source.tokens)):
        first, last = source.tokens[begin].start, source.tokens[end - 1].start + len(source.tokens[end - 1].text)
        read = sorted(name for name in source.values_read(begin, end) if FIELDS[name].optional)
        known = [*presence_variables(read).values()]
        if any(token.text == "in_list" for token in source.tokens[begin:end]):
            known.append(LISTS_KNOWN)
        parts += [text[done:first], "(", *(f"{name} && " for name in known), text[first:last], ")"]
        done = last
    return "".join((*parts, text[done:]))


def _operands(texts: Sequence[str], begin: int, end: int) -> Iterator[Operand]:
    """Yield the operands of `&&` and `||`, also those inside parentheses that are an operand as a whole."""
    depth, first, closes_at = 0, begin, 0
    for at in range(begin, end + 1):
        text = texts[at] if at < end else "&&"
        if depth == 0 and text in _CONNECTIVES:
            if texts[first] == "(" and closes_at == at - 1:
                yield from _operands(texts, first + 1, at - 1)
            else:
                yield Operand(first, at)
            first = closes_at = at + 1
        elif text in _OPENING:
            depth += 1
        elif text in _CLOSING:
            depth -= 1
            if depth == 0 and closes_at <= first:
                closes_at = at
