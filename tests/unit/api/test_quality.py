"""Precision, recall and money of one week."""

from datetime import UTC, datetime, timedelta

from orylo_api.quality.measures import Case, week_of
from orylo_common.fraud_evidence import Sign
from orylo_common.messages import Decision

MONDAY = datetime(2026, 3, 9, tzinfo=UTC)
BLOCK, REVIEW, ALLOW = Decision.BLOCK, Decision.REVIEW, Decision.ALLOW


def case(
    decision: Decision, signs: tuple[str, ...], payments: int, amount_minor: int = 0, currency: str = "BRL"
) -> Case:
    return Case(MONDAY, decision, currency, signs, payments, amount_minor)


def test_the_rates_follow_from_the_cases_and_all_other_payments_are_allowed_and_legitimate() -> None:
    week = week_of(
        MONDAY,
        1000,
        [
            case(BLOCK, (Sign.JUDGED_FRAUD,), 6, 600),
            case(BLOCK, (), 2, 200),
            case(REVIEW, (Sign.DISPUTED,), 2, 50),
            case(REVIEW, (Sign.JUDGED_LEGITIMATE,), 10, 900),
            case(ALLOW, (Sign.WARNED,), 2, 70),
            case(ALLOW, (Sign.DISPUTE_WON,), 3, 80),
        ],
        MONDAY + timedelta(days=8),
    )

    assert (week.payments, week.frauds, week.judged) == (1000, 10, 16)
    assert (week.blocked.payments, week.blocked.frauds) == (8, 6)
    assert (week.blocked.precision, week.blocked.recall) == (0.75, 0.6)
    assert week.blocked.false_positive_rate == 2 / 990
    assert (week.flagged.payments, week.flagged.frauds) == (20, 8)
    assert (week.flagged.precision, week.flagged.recall) == (0.4, 0.8)
    assert week.flagged.false_positive_rate == 12 / 990
    (amounts,) = week.amounts
    assert (amounts.stopped_minor, amounts.lost_minor, amounts.wrongly_blocked_minor) == (600, 120, 200)


def test_amounts_are_kept_apart_by_currency() -> None:
    cases = [case(BLOCK, (Sign.DISPUTED,), 1, 5, "USD"), case(ALLOW, (Sign.DISPUTED,), 1, 7, "BRL")]

    amounts = week_of(MONDAY, 2, cases, MONDAY).amounts

    assert [(each.currency, each.stopped_minor, each.lost_minor) for each in amounts] == [("BRL", 0, 7), ("USD", 5, 0)]


def test_an_empty_week_has_no_rates() -> None:
    week = week_of(MONDAY, 0, [], MONDAY)

    assert (week.payments, week.frauds, week.amounts) == (0, 0, [])
    assert week.blocked.precision is week.blocked.recall is week.blocked.false_positive_rate is None


def test_a_week_is_settled_once_no_dispute_of_fraud_can_follow() -> None:
    settled_from = MONDAY + timedelta(days=127)
    assert [week_of(MONDAY, 0, [], settled_from + late).settled for late in (timedelta(seconds=-1), timedelta(0))] == [
        False,
        True,
    ]
