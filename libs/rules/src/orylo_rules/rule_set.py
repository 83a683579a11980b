"""Evaluate the rules of one tenant on a payment."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from time import perf_counter
from uuid import UUID

from orylo_rules.combination import MAX_COMBINED, Combination, combine, guarded_fields, is_simple
from orylo_rules.engine import (
    CompiledExpression,
    Failed,
    NotCompiled,
    activation_of,
    compile_expression,
    presence_variables,
)
from orylo_rules.fields import FieldValue
from orylo_rules.rule import AddPoints, AddToList, Decide, Rule, RuleDecision

# A set of 20 rules takes less than 0.1 ms. A detector has 100 ms.
TIME_LIMIT = timedelta(milliseconds=50)
SEVERITY: dict[RuleDecision, int] = {"allow": 0, "review": 1, "block": 2}


@dataclass(frozen=True, slots=True)
class RuleFailure:
    """A rule that could not be evaluated on a payment, and why."""

    rule: Rule
    reason: str


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """The rules that are true of a payment, highest priority first.

    `hits` are those in mode `on`. `shadow_hits` had no effect. `failed` rules ended in an error, `late` ones had not
    begun when the time limit was over. `decisive` is the hit that decides, if any does.
    """

    hits: tuple[Rule, ...] = ()
    shadow_hits: tuple[Rule, ...] = ()
    failed: tuple[RuleFailure, ...] = ()
    late: tuple[Rule, ...] = ()

    @property
    def decisive(self) -> Rule | None:
        """Return the deciding hit of the highest priority; among equals, the most severe: block, review, allow."""
        deciding = [(rule, rule.action) for rule in self.hits if isinstance(rule.action, Decide)]
        if not deciding:
            return None
        return max(deciding, key=lambda hit: (hit[0].priority, SEVERITY[hit[1].kind]))[0]

    @property
    def decision(self) -> RuleDecision | None:
        decisive = self.decisive
        return decisive.action.kind if decisive and isinstance(decisive.action, Decide) else None

    @property
    def points(self) -> int:
        """Return the sum of the hits' points. May be negative, and above 100."""
        return sum(rule.action.points for rule in self.hits if isinstance(rule.action, AddPoints))

    @property
    def not_evaluated(self) -> tuple[Rule, ...]:
        """Return the rules that failed, and those that were late."""
        return (*(each.rule for each in self.failed), *self.late)

    @property
    def listing(self) -> tuple[Rule, ...]:
        """Return the hits that put the payment on a list."""
        return tuple(rule for rule in self.hits if isinstance(rule.action, AddToList))


class RuleSet:
    """The compiled rules of one tenant. Rules in mode `off` are left out.

    A rule that does not compile is named in every outcome's `failed`. The others are evaluated.
    """

    def __init__(self, rules: Iterable[Rule], *, time_limit: timedelta = TIME_LIMIT) -> None:
        self._time_limit_s = time_limit.total_seconds()
        compiled: list[tuple[Rule, CompiledExpression]] = []
        broken: list[RuleFailure] = []
        for rule in sorted((rule for rule in rules if rule.mode != "off"), key=_order):
            try:
                compiled.append((rule, compile_expression(rule.expression)))
            except NotCompiled as error:
                broken.append(RuleFailure(rule, str(error).partition("\n")[0]))
        self._compiled = tuple(compiled)
        self._broken = tuple(broken)
        self._combined, guarded = _combined([expression for _, expression in compiled])
        self.fields: frozenset[str] = frozenset().union(*(expression.fields for _, expression in compiled))
        self._presences = presence_variables(guarded.union(*(expression.presences for _, expression in compiled)))
        self.list_names: frozenset[str] = frozenset().union(*(expression.lists for _, expression in compiled))

    def __len__(self) -> int:
        return len(self._compiled) + len(self._broken)

    def evaluate(
        self,
        values: Mapping[str, FieldValue | None],
        *,
        lists: Collection[str] | None = None,
        snoozed: Collection[UUID] = (),
        clock: Callable[[], float] = perf_counter,
    ) -> RuleOutcome:
        """Evaluate every rule on one payment. Raises nothing.

        `values` maps names of `FIELDS` to values. A name that is absent or None is a missing value; times are aware.
        `lists` are the names of the lists that the payment's customer, card or IP address is on, None if unknown.
        Rules whose id is in `snoozed` are left out. `clock` returns seconds.
        """
        activation = activation_of(
            values, self.fields, presences=self._presences, lists=lists, list_names=self.list_names
        )
        hits: list[Rule] = []
        shadow_hits: list[Rule] = []
        failed = list(self._broken)
        late: list[Rule] = []
        end = clock() + self._time_limit_s
        together: dict[int, bool] = {}
        for positions, combination in self._combined:
            bits = combination.evaluate(activation)
            if bits is not None:
                together.update((position, bool(bits >> at & 1)) for at, position in enumerate(positions))
        for at, (rule, expression) in enumerate(self._compiled):
            if rule.id in snoozed:
                continue
            result: bool | Failed | None = together.get(at)
            if result is None:
                if clock() > end:
                    late.append(rule)
                    continue
                result = expression.evaluate(activation)
            if isinstance(result, Failed):
                failed.append(RuleFailure(rule, result.reason))
            elif result:
                (hits if rule.mode == "on" else shadow_hits).append(rule)
        return RuleOutcome(tuple(hits), tuple(shadow_hits), tuple(failed), tuple(late))


def _combined(
    expressions: Sequence[CompiledExpression],
) -> tuple[list[tuple[Sequence[int], Combination]], frozenset[str]]:
    """Return combinations with the positions of their expressions, and the fields whose presence these ask for."""
    combined: list[tuple[Sequence[int], Combination]] = []
    guarded = frozenset[str]()
    simple = [at for at, expression in enumerate(expressions) if is_simple(expression)]
    for begin in range(0, len(simple), MAX_COMBINED):
        positions = simple[begin : begin + MAX_COMBINED]
        chosen = [expressions[at] for at in positions]
        combination = combine(chosen) if len(chosen) > 1 else None
        if combination:
            combined.append((positions, combination))
            guarded = guarded.union(*map(guarded_fields, chosen))
    return combined, guarded


def _order(rule: Rule) -> tuple[bool, int, str]:
    """Rules that have an effect come first, so that shadow rules cannot make them late."""
    return rule.mode != "on", -rule.priority, str(rule.id)
