"""Generate `docs/rules.md`, the reference for the authors of rules, from the table of fields.

python -m orylo_rules.reference > docs/rules.md
"""

import sys
from collections.abc import Iterable
from itertools import groupby

from orylo_rules.check import MAX_CHARACTERS, MAX_PATTERN_CHARACTERS, MAX_PATTERNS, MAX_TOKENS
from orylo_rules.engine import MAX_ITEMS
from orylo_rules.fields import FIELDS, RuleField
from orylo_rules.literals import literal
from orylo_rules.rule_set import TIME_LIMIT

# By title. A test checks each one.
EXAMPLES = {
    "First purchase over R$ 1,500 at night from a foreign IP address": """\
customer.payments == 0
  && payment.currency == "BRL" && payment.amount > 1500
  && payment.occurred_at.getHours("America/Sao_Paulo") < 6
  && ip.country != "BR\"""",
    "The card was issued in another country than the buyer's address": "card.country != ip.country",
    "A prepaid card, or a card of an unknown kind": 'card.funding == "prepaid" || !has(card.funding)',
    "A card that is tried again and again": "velocity.card.attempts_1h >= 5 || velocity.ip.attempts_1h > 20",
    "Someone on the list `vip`": 'in_list("vip") && customer.disputes == 0',
    "A disposable email address in the first week": """\
customer.disposable_email && (customer.age_days < 7 || !has(customer.age_days))""",
    "Expensive products": 'payment.products.exists(product, product in ["prod_1", "prod_9"]) && payment.amount >= 900',
    "An automated browser": 'payment.user_agent.matches("(?i)headless|curl|python")',
}

INTRODUCTION = """\
# Rules

Generated from the code by `python -m orylo_rules.reference > docs/rules.md`. A test keeps it current.

A rule is a condition on a payment and an action. The condition is an expression in
[CEL](https://github.com/google/cel-spec/blob/master/doc/langdef.md), the Common Expression Language. It is true, false,
or unknown because a value is missing. Only if it is true does the rule apply.

## Examples
"""

LANGUAGE = f"""\
## Writing a condition

| write | meaning |
| --- | --- |
| `a && b`, `a \\|\\| b`, `!a` | and, or, not. `&&` binds more tightly than `\\|\\|`; parentheses group |
| `==`, `!=`, `<`, `<=`, `>`, `>=` | comparison. Text is compared exactly: `"br"` is not `"BR"` |
| `card.brand in ["visa", "elo"]` | one of several values; `"prod_1" in payment.products` |
| `+`, `-`, `*`, `/`, `%` | arithmetic on two whole or two decimal numbers; `double(payment.installments)` converts |
| `condition ? a : b` | `a` if the condition is true, else `b` |
| `has(card.country)` | true if the value is known |
| `in_list("vip")` | true if the payment is on this list of the shop: by its customer, email, card, IP address, … |
| `text.contains("x")`, `.startsWith("x")`, `.endsWith("x")`, `size(text)` | parts and length of a text |
| `text.matches("bot\\|curl")` | a pattern in [RE2 syntax](https://github.com/google/re2/wiki/Syntax) that is found anywhere; `(?i)` ignores case |
| `time.getHours("America/Sao_Paulo")`, `.getDayOfWeek(…)`, … | parts of a time in a time zone; Sunday is 0. Without a zone: UTC |
| `time - time < duration("90m")`, `timestamp("2026-01-01T00:00:00Z")` | lengths of time, and points in time |
| `payment.products.exists(p, p.startsWith("vip"))` | true for at least one item; `all` for every item, `exists_one` for exactly one |
| `// …` | a comment, to the end of the line |

A decimal number may be compared with a whole one by `<` and the like (`payment.amount > 1500`). With `==`, `in` and
arithmetic both must be of the same kind: `payment.amount == 1500.0`.

An expression has at most {MAX_CHARACTERS:,} characters and {MAX_TOKENS} words and signs, one level of loops (`exists`, `all`, `map`, …), and
{MAX_PATTERNS} patterns of {MAX_PATTERN_CHARACTERS} characters without `{{` and `\\p`. A loop reads the first {MAX_ITEMS} items of a list.
An expression that exceeds a limit, names an unknown field or mixes types is refused when the rule is saved, with line
and column.

## Missing values

Fields marked *may be missing* have no value if the gateway does not send it or Orylo could not read it in time.

- A comparison with a missing value is unknown: neither true nor false.
- `&&` is false if either side is false, and `||` is true if either side is true, even if the other side is
  unknown. Otherwise an unknown side makes the result unknown. `!` of unknown is unknown.
- A rule whose condition is unknown does not apply. So `!(card.country == "BR")` and `card.country != "BR"` both leave
  out a payment whose card country is missing. To include it, write `card.country != "BR" || !has(card.country)`.
- `in_list` is unknown if the lists could not be read.

## Actions, priority and mode

| action | effect |
| --- | --- |
| `allow`, `review`, `block` | decides the payment, at any risk |
| `add_points` | adds −100 to 100 points to the risk, which stays between 0 and 100 |
| `add_to_list` | puts the payment's customer and card on a list of the shop for 30 days; `types` and `days` change that |

If several rules decide, the one with the highest priority (0 to 1000) does. Among equal priorities the most severe
decision counts: block before review before allow. Points of all rules are added up, and every list is added to. The lists
`block` and `allow`, and a customer's status, come before the rules: what they block stays blocked.

A rule is `off`, in `shadow` or `on`. A new rule is in shadow: it is evaluated on every payment and its hits are
recorded, but it changes nothing. Rules in shadow are evaluated after those that are on. At most 100 rules of a shop
are on or in shadow.

## From an idea to a rule that is on

```sh
orylo rule try my-shop 'card.funding == "prepaid"'                  # on the newest 1,000 payments, without saving
orylo rule create my-shop "No prepaid cards" --when 'card.funding == "prepaid"' --then block
orylo rule hits my-shop "No prepaid cards"                          # what it would have changed, by day, in money
orylo rule change my-shop "No prepaid cards" --mode on              # applies to the next payment
orylo rule snooze my-shop "No prepaid cards" cus_0196b7a0 --for 30d --reason "verified"
orylo rule restore my-shop "No prepaid cards" 1                     # roll back: a new version that equals version 1
```

The API has the same under `/api/v1/rules`. Every change makes a version and a line in the audit log. Analysts draft
rules in shadow; owners and admins switch them on and change those that are on.

- **Hits** count each payment once for each rule, by its newest decision. *Changed* are the payments whose decision
  the rule changed, or would change if it were on.
- **A trial** takes the values of a payment's own time. Velocity, IP addresses and countries, fingerprints and
  browsers are not stored with payments. A condition that needs one of them is unknown in a trial, and the answer names
  the field. A rule in shadow has them all.
- **Before a payment is made**, `POST /api/v1/detections/evaluate` names in `rules` those that are true of it, also in
  shadow, as a decision does. With `dry_run` nothing is recorded, and no hit counts.
- **A snooze** suspends one rule for one customer until its end.
- **The fuse.** If rules and the risk suddenly block far more paid payments than is usual for the shop, its fuse
  trips: blocks become reviews until a person resets it (`orylo fuse reset`). The figures are the shop's own
  (`orylo settings show my-shop fuse`).

A rule that fails on a payment, such as by a division by zero, does not apply to it and is named in the result. The
other rules are evaluated. All rules of a shop together have {TIME_LIMIT.total_seconds() * 1000:.0f} ms. Rules that had not begun by then are named as late.

## Fields
"""  # noqa: E501  (rows of tables, and figures)


def document() -> str:
    examples = [f"{title}:\n\n```\n{expression}\n```\n" for title, expression in EXAMPLES.items()]
    groups = groupby(FIELDS.values(), key=lambda field: field.name.partition(".")[0])
    return "\n".join([INTRODUCTION, *examples, LANGUAGE, *(_table(group, fields) for group, fields in groups)])


def _table(group: str, fields: Iterable[RuleField]) -> str:
    rows = [_row(field) for field in fields]
    columns = ["field", "type", "description", "example", "may be missing"]
    heading = [f"### `{group}`", "", f"| {' | '.join(columns)} |", "| --- | --- | --- | --- | --- |"]
    return "\n".join([*heading, *rows, ""])


def _row(field: RuleField) -> str:
    missing = "yes" if field.optional else ""
    return f"| `{field.name}` | {field.type} | {field.description} | `{literal(field.example)}` | {missing} |"


if __name__ == "__main__":
    sys.stdout.write(document())
