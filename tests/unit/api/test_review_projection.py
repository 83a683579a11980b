"""A review case is open or closed by its newest decision and verdict, in whatever order they arrive."""

from itertools import permutations
from typing import Any

import pytest

from orylo_api.read_models.claims import Claims
from orylo_api.read_models.effects import Effects
from orylo_api.review.projection import ReviewCaseProjection, ReviewCaseRow
from orylo_common.messages import Decision, PaymentVerdict
from tests.unit.api.builders import after, detection, replaced, verdict

FIRST = detection(version=1, decision=Decision.REVIEW, risk_score=55, amount_minor=1250)


def folded(*messages: Any) -> list[ReviewCaseRow]:
    projection, effects = ReviewCaseProjection(), Effects(Claims(set()))
    for message in messages:
        projection.fold(message, effects)
    return list(projection._rows.values())


def test_allowed_payments_have_no_case() -> None:
    assert folded(detection(decision=Decision.ALLOW), detection(decision=Decision.BLOCK)) == []


def test_test_events_of_a_panel_have_no_case() -> None:
    assert folded(detection(decision=Decision.REVIEW, test=True)) == []


def test_the_newest_decision_counts_in_any_order() -> None:
    second = detection(version=2, decision=Decision.ALLOW, replaces=replaced(FIRST))
    third = detection(version=3, decision=Decision.REVIEW, replaces=replaced(second), risk_score=70)
    (expected,) = folded(FIRST, second, third)

    assert (expected.decision, expected.risk_score, expected.version) == (Decision.REVIEW, 70, 3)
    for order in permutations((FIRST, second, third)):
        assert folded(*order) == [expected]


def test_the_newest_verdict_counts_in_any_order() -> None:
    given = verdict(PaymentVerdict.FRAUD, occurred_at=after(1))
    withdrawn = verdict(PaymentVerdict.WITHDRAWN, occurred_at=after(2))
    (expected,) = folded(FIRST, given, withdrawn)

    assert (expected.verdict, expected.decision) == (None, Decision.REVIEW)
    for order in permutations((FIRST, given, withdrawn)):
        assert folded(*order) == [expected]


@pytest.mark.parametrize(
    ("currency", "minor", "amount"), [("BRL", 149700, 1497.0), ("JPY", 1497, 1497.0), ("KWD", 1497000, 1497.0)]
)
def test_amounts_are_sorted_by_the_main_unit(currency: str, minor: int, amount: float) -> None:
    (row,) = folded(detection(decision=Decision.REVIEW, currency=currency, amount_minor=minor))
    assert row.amount == amount
