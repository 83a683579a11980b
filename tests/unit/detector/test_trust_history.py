from dataclasses import replace
from datetime import timedelta

import pytest

from orylo_common.control.sections.detection import DetectionPolicy
from orylo_detector.detectors import trust_history
from orylo_detector.domain.features import CustomerHistory
from tests.unit.detector.cases import NOW, REGULAR, features, payment

POLICY = DetectionPolicy()


def assess(customer: CustomerHistory | None) -> tuple[int, tuple[str, ...]]:
    finding = trust_history.assess(payment(), features(customer=customer), POLICY)
    return finding.score, finding.codes


@pytest.mark.parametrize(
    ("customer", "score", "reason"),
    [
        (None, 15, "unknown_customer"),
        (CustomerHistory(), 15, "new_customer"),
        (CustomerHistory(payments=1, first_paid_at=NOW - timedelta(hours=2)), 10, "young_relation"),
        (replace(REGULAR, trust_score=20), 60, "low_trust"),
        (replace(REGULAR, trust_score=0), 100, "low_trust"),
        (replace(REGULAR, payments=2, disputes=1), 75, "disputes"),
        (replace(REGULAR, payments=4, disputes=1), 38, "disputes"),
        (replace(REGULAR, payments=4, disputes=3, disputes_won=1), 90, "disputes"),
        (replace(REGULAR, payments=4, fraud_warnings=1), 38, "fraud_warnings"),
        (replace(REGULAR, payments=12, disputes=1), 12, "disputes"),
        (replace(REGULAR, payments=40, disputes=2), 9, "disputes"),
        (replace(REGULAR, payments=40, fraud_warnings=10), 45, "fraud_warnings"),
        (replace(REGULAR, refunds=5), 40, "frequent_refunds"),
    ],
)
def test_each_finding_against_a_customer_has_its_score(
    customer: CustomerHistory | None, score: int, reason: str
) -> None:
    assert assess(customer) == (score, (f"trust_history.{reason}",))


@pytest.mark.parametrize(
    "customer",
    [
        REGULAR,
        replace(REGULAR, trust_score=None),
        replace(REGULAR, trust_score=45),
        replace(REGULAR, disputes=2, disputes_won=2),
        replace(REGULAR, refunds=2),
        replace(REGULAR, refunds=3, payments=40),
    ],
)
def test_a_good_customer_scores_nothing(customer: CustomerHistory) -> None:
    assert assess(customer) == (0, ())


def test_the_most_serious_finding_counts_and_comes_first() -> None:
    assert assess(CustomerHistory(disputes=1, fraud_warnings=2)) == (
        90,
        ("trust_history.fraud_warnings", "trust_history.disputes", "trust_history.new_customer"),
    )
