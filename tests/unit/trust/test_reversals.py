"""Refunds that fail and disputes that are decided again leave the right points, in any order of reports."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import permutations

import pytest

from orylo_common.control.sections.trust import TrustPolicy
from orylo_common.messages import (
    DisputeFact,
    DisputeLost,
    DisputeOpened,
    DisputeWon,
    PaymentFact,
    PaymentRefunded,
    PaymentRefundFailed,
)
from orylo_trust.domain.reversals import Reports, record, reversal_of
from tests.unit.trust.test_ledger import NOW, fact, score_after


def refunded(minute: int, total_minor: int) -> PaymentFact:
    return fact(PaymentRefunded, occurred_at=NOW + timedelta(minutes=minute), refunded_minor=total_minor)


def failed(minute: int, refund_id: str, minor: int) -> PaymentFact:
    at = NOW + timedelta(minutes=minute)
    return fact(PaymentRefundFailed, occurred_at=at, refund_id=refund_id, amount_minor=minor)


def dispute(kind: type[DisputeFact], minute: int, dispute_id: str = "du_1") -> PaymentFact:
    return fact(kind, occurred_at=NOW + timedelta(minutes=minute), dispute_id=dispute_id)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ([refunded(1, 1000), failed(2, "re_1", 1000)], 50),
        ([refunded(1, 300), refunded(2, 1000), failed(3, "re_2", 700)], 48),
        ([refunded(1, 300), refunded(2, 1000), failed(3, "re_1", 300), failed(4, "re_2", 700)], 50),
        ([refunded(1, 1000), failed(2, "re_1", 1000), refunded(3, 1000)], 45),
        ([refunded(1, 1000), failed(2, "re_1", 1000), refunded(3, 1000), failed(4, "re_2", 1000)], 50),
        ([failed(2, "re_1", 1000)], 50),
        ([dispute(DisputeOpened, 1), dispute(DisputeLost, 2), dispute(DisputeWon, 3)], 50),
        ([dispute(DisputeOpened, 1), dispute(DisputeWon, 2), dispute(DisputeLost, 3)], 0),
        ([dispute(DisputeLost, 2), dispute(DisputeWon, 2)], 50),
        ([dispute(DisputeWon, 1, "du_1"), dispute(DisputeLost, 2, "du_2")], 0),
    ],
)
def test_the_sum_follows_from_all_reports(facts: Sequence[PaymentFact], expected: int) -> None:
    for order in permutations(facts):
        assert score_after(*order) == expected
        assert score_after(*order, *order) == expected


def test_a_refund_that_fails_gives_back_the_points_that_it_cost() -> None:
    reports: Reports = {}
    for each, refund in ((refunded(1, 1000), -20), (failed(2, "re_1", 1000), -5)):
        reversal = reversal_of(each, TrustPolicy(refund=refund))
        assert reversal is not None
        (entry,) = record(reports, reversal)
    assert (entry.cause, entry.points) == ("refund_failed", 20)


def test_a_test_event_reports_nothing() -> None:
    assert reversal_of(fact(PaymentRefunded, refunded_minor=1000, test=True), TrustPolicy()) is None
