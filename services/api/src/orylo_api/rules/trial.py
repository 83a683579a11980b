"""Try an expression on payments of the past."""

from collections import defaultdict
from uuid import UUID

import asyncpg

from orylo_api.errors import NotFound
from orylo_api.payments.models import PaymentState
from orylo_api.payments.queries import outcome_of_row
from orylo_api.rules.kept_values import NOT_KEPT, SELECT_ONE, SELECT_RECENT, values_of_row
from orylo_api.rules.models import TrialBody, TrialResult, TriedGroup, TriedPayment, TriedValue
from orylo_common.postgres.pool import Connection
from orylo_rules import AddPoints, FieldValue, Rule, RuleSet
from orylo_rules.literals import literal

MOST_EXAMPLES = 20
_TRIED = UUID(int=0)


async def try_expression(connection: Connection, trial: TrialBody) -> TrialResult:
    """Evaluate a checked expression on one payment, or on the newest. Raises `NotFound` for an unknown payment."""
    if trial.payment_id is None:
        rows = await connection.fetch(SELECT_RECENT)
    else:
        rows = (await connection.fetch(SELECT_ONE, trial.payment_id))[:1]
        if not rows:
            raise NotFound("there is no decision on such a payment")
    rule_set = RuleSet([Rule(id=_TRIED, name="trial", expression=trial.expression, action=AddPoints(points=1))])
    applies: list[asyncpg.Record] = []
    unknown = failed = 0
    for row in rows:
        values = values_of_row(row)
        outcome = rule_set.evaluate(values)
        if outcome.shadow_hits:
            applies.append(row)
        elif outcome.failed:
            failed += 1
        elif rule_set.list_names or any(values.get(name) is None for name in rule_set.fields):
            unknown += 1
    return TrialResult(
        tried=len(rows),
        since=rows[-1]["decided_at"] if rows else None,
        applies=len(applies),
        groups=_groups(applies),
        unknown=unknown,
        failed=failed,
        not_kept=sorted(rule_set.fields & NOT_KEPT),
        examples=[_tried(row) for row in applies[:MOST_EXAMPLES]],
        values=_shown(values_of_row(rows[0]), rule_set) if trial.payment_id else [],
    )


def _groups(rows: list[asyncpg.Record]) -> list[TriedGroup]:
    groups: defaultdict[tuple[PaymentState, str], list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        group = groups[outcome_of_row(row).state, row["currency"]]
        group[0] += 1
        group[1] += row["amount_minor"]
    return [
        TriedGroup(state=state, currency=currency, payments=payments, amount_minor=amount_minor)
        for (state, currency), (payments, amount_minor) in sorted(groups.items())
    ]


def _tried(row: asyncpg.Record) -> TriedPayment:
    return TriedPayment(
        payment_id=row["payment_id"],
        state=outcome_of_row(row).state,
        decision=row["decision"],
        amount_minor=row["amount_minor"],
        currency=row["currency"],
        created_at=row["created_at"],
    )


def _shown(values: dict[str, FieldValue | None], rule_set: RuleSet) -> list[TriedValue]:
    return [
        TriedValue(field=name, value=None if (value := values.get(name)) is None else literal(value))
        for name in sorted(rule_set.fields)
    ]
