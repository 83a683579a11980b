"""Precision, recall and money of one week."""

from datetime import UTC, datetime, timedelta

from orylo_api.quality.measures import quality_of
from orylo_api.quality.models import QualityWeek
from orylo_api.timeseries.periods import Span
from orylo_api.timeseries.queries import Sums
from orylo_common.messages import Decision

MONDAY = datetime(2026, 3, 9, tzinfo=UTC)
WEEK = Span(MONDAY, MONDAY + timedelta(days=7))
BLOCK, REVIEW, ALLOW = Decision.BLOCK, Decision.REVIEW, Decision.ALLOW


def paid(succeeded: int, frauds: int = 0, judged: int = 0, minor: int = 0, fraud_minor: int = 0) -> dict[str, int]:
    return {
        "succeeded": succeeded,
        "frauds": frauds,
        "judged": judged,
        "succeeded_minor": minor,
        "fraud_minor": fraud_minor,
    }


def measure(sums: Sums, now: datetime = MONDAY) -> QualityWeek:
    return quality_of(WEEK, sums, now)


def test_the_rates_follow_from_the_payments_by_decision() -> None:
    week = measure(
        {
            ("BRL", BLOCK): paid(8, frauds=6, judged=6, minor=800, fraud_minor=600),
            ("BRL", REVIEW): paid(12, frauds=2, judged=10, minor=950, fraud_minor=50),
            ("BRL", ALLOW): paid(970, frauds=2, minor=90_000, fraud_minor=70),
            # Not decided yet.
            ("BRL", ""): paid(10, minor=1000),
        }
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
    sums: Sums = {("USD", BLOCK): paid(1, 1, 0, 5, 5), ("BRL", ALLOW): paid(1, 1, 0, 7, 7)}

    amounts = measure(sums).amounts

    assert [(each.currency, each.stopped_minor, each.lost_minor) for each in amounts] == [("BRL", 0, 7), ("USD", 5, 0)]


def test_an_empty_week_has_no_rates() -> None:
    week = measure({})

    assert (week.payments, week.frauds, week.amounts) == (0, 0, [])
    assert week.blocked.precision is week.blocked.recall is week.blocked.false_positive_rate is None


def test_a_week_is_settled_once_no_dispute_of_fraud_can_follow() -> None:
    settled_from = MONDAY + timedelta(days=127)
    late = (timedelta(seconds=-1), timedelta(0))
    assert [measure({}, settled_from + each).settled for each in late] == [False, True]
