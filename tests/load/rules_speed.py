"""Measure how many rules per second a tenant's rule set evaluates, and how long one payment takes with 20 rules.

python -m tests.load.rules_speed [--payments 5000]
"""

import argparse
import time
from statistics import median
from uuid import UUID

from orylo_rules import FIELDS, AddPoints, Rule, RuleOutcome, RuleSet
from orylo_rules.engine import compile_expression
from orylo_rules.reference import EXAMPLES
from tests.load.report import Goal, heading, line, machine

RULES = 20
GOAL_US = 300
ROUNDS = 5

# Everything is known of one payment; the other names no customer, card or address.
COMPLETE = {name: field.example for name, field in FIELDS.items()}
BARE = {name: field.example for name, field in FIELDS.items() if not field.optional}


def rules(count: int) -> list[Rule]:
    """Build rules from the examples of the reference, each with an amount of its own."""
    expressions = list(EXAMPLES.values())
    return [
        Rule(
            id=UUID(int=number),
            name=f"rule {number}",
            expression=f"payment.amount > {number} && ({expressions[number % len(expressions)]})",
            action=AddPoints(points=5),
            mode="on",
        )
        for number in range(count)
    ]


def microseconds(rule_set: RuleSet, values: dict[str, object], payments: int) -> float:
    """Return the microseconds per payment: the median of several rounds."""
    took = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        for _ in range(payments):
            outcome: RuleOutcome = rule_set.evaluate(values, lists=("vip",))  # type: ignore[arg-type]
        took.append((time.perf_counter() - begin) / payments * 1e6)
        if outcome.failed or outcome.late:
            raise RuntimeError(f"not every rule was evaluated: {outcome}")
    return median(took)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--payments", type=int, default=5_000, help="per round")
    payments = parser.parse_args().payments
    machine()

    heading(f"Rules: {RULES} of a tenant on one payment")
    written = rules(RULES)
    begin = time.perf_counter()
    rule_set = RuleSet(written)
    line("compiling one rule", f"{(time.perf_counter() - begin) / RULES * 1e6:.0f} µs")
    begin = time.perf_counter()
    RuleSet(written)
    line("loading the set again, unchanged", f"{(time.perf_counter() - begin) * 1e6:.0f} µs")
    for what, values in (("a payment with every field", COMPLETE), ("a payment with missing fields", BARE)):
        took = microseconds(rule_set, dict(values), payments)
        line(what, f"{took:.0f} µs, {RULES / took * 1e6:,.0f} rules/s", Goal(took, GOAL_US, "below"))
    line("compiled rules kept in memory", f"{compile_expression.cache_info().currsize}")


if __name__ == "__main__":
    main()
