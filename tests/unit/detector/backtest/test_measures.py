from collections.abc import Sequence
from datetime import timedelta
from random import Random

import pytest
from sklearn.metrics import average_precision_score, precision_score, recall_score, roc_auc_score

from orylo_common.messages import ReasonPoints
from orylo_detector.backtest.contributions import Contributions, most_points_first
from orylo_detector.backtest.daily_ranking import INSPECTED, DailyRanking
from orylo_detector.backtest.risk_counts import RiskCounts
from tests.unit.detector.backtest.cases import labelled

DAY = timedelta(days=1)


def drawn(seed: int, *, levels: int) -> tuple[list[int], list[bool]]:
    """Draw risks, of which many are equal, and labels that go along with them."""
    random = Random(seed)
    risks = [random.randrange(levels) * (100 // (levels - 1)) for _ in range(500)]
    return risks, [random.random() * 100 < risk * 0.6 + 5 for risk in risks]


def counted(risks: Sequence[int], labels: Sequence[bool]) -> RiskCounts:
    counts = RiskCounts()
    for risk, is_fraud in zip(risks, labels, strict=True):
        counts.add(risk, is_fraud=is_fraud)
    return counts


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("levels", [2, 11, 101])
def test_the_measures_agree_with_scikit_learn(seed: int, levels: int) -> None:
    risks, labels = drawn(seed, levels=levels)
    counts = counted(risks, labels)
    assert counts.roc_auc() == pytest.approx(roc_auc_score(labels, risks))
    assert counts.average_precision() == pytest.approx(average_precision_score(labels, risks))
    honest = [not label for label in labels]
    for rates in counts.rates()[:101:20]:
        flagged = [risk >= rates.threshold for risk in risks]
        assert rates.detection_rate == pytest.approx(recall_score(labels, flagged))
        assert rates.false_positive_rate == pytest.approx(recall_score(honest, flagged))
        if any(flagged):
            assert rates.precision == pytest.approx(precision_score(labels, flagged))


def test_no_payment_reaches_the_threshold_above_the_highest_risk() -> None:
    last = counted([100, 100], [True, False]).rates()[-1]
    assert (last.threshold, last.detection_rate, last.false_positive_rate, last.precision) == (101, 0.0, 0.0, None)


@pytest.mark.parametrize("labels", [[], [False, False], [True, True]])
def test_measures_without_both_labels_are_unknown_instead_of_perfect(labels: list[bool]) -> None:
    counts = counted([10] * len(labels), labels)
    assert counts.roc_auc() is None
    assert counts.average_precision() == (1.0 if any(labels) else None)


def test_card_precision_is_the_share_of_defrauded_among_the_riskiest_customers_of_each_day() -> None:
    ranking = DailyRanking()
    for number in range(2 * INSPECTED):
        # The riskier half has 30 frauds, the other half 50 that are not inspected.
        is_fraud = 70 <= number < 150
        ranking.add(labelled(customer_id=f"c{number}", is_fraud=is_fraud), risk=100 - number // 2, compromised=())
    ranking.add(labelled(DAY, is_fraud=True), risk=0, compromised=())
    assert list(ranking.precisions().values()) == [0.3, 1.0]
    assert ranking.mean_precision() == pytest.approx(0.65)


def test_a_customer_counts_once_a_day_with_the_highest_risk() -> None:
    ranking = DailyRanking()
    ranking.add(labelled(customer_id="ana", is_fraud=True), risk=1, compromised=())
    ranking.add(labelled(customer_id="ana"), risk=90, compromised=())
    for number in range(INSPECTED):
        ranking.add(labelled(customer_id=f"c{number}"), risk=50, compromised=())
    assert ranking.mean_precision() == 1 / INSPECTED


def test_a_customer_known_as_compromised_is_left_out() -> None:
    ranking = DailyRanking()
    ranking.add(labelled(customer_id="ana", is_fraud=True), risk=90, compromised={"ana"})
    ranking.add(labelled(customer_id="bia"), risk=10, compromised={"ana"})
    assert ranking.mean_precision() == 0.0


def test_equal_risks_are_ranked_by_amount() -> None:
    ranking = DailyRanking()
    for number in range(INSPECTED):
        ranking.add(labelled(customer_id=f"c{number}", amount_minor=100), risk=0, compromised=())
    ranking.add(labelled(customer_id="z", amount_minor=200, is_fraud=True), risk=0, compromised=())
    assert ranking.mean_precision() == 1 / INSPECTED


def test_a_detector_is_decisive_if_a_review_needs_its_points() -> None:
    contributions = Contributions(review_at=50)
    points = [
        ReasonPoints(reason="a.x", detector="a", points=30),
        ReasonPoints(reason="a.y", detector="a", points=10),
        ReasonPoints(reason="b.z", detector="b", points=12),
        ReasonPoints(reason="c.w", detector="c", points=0),
    ]
    contributions.add(52, points, is_fraud=True)
    contributions.add(52, points, is_fraud=False)
    contributions.add(12, points[2:], is_fraud=False)
    detectors = dict(most_points_first(contributions.by_detector))
    assert list(detectors) == ["a", "b"]
    assert (detectors["a"].decisive_frauds, detectors["a"].decisive_honest, detectors["a"].points) == (1, 1, 80)
    assert (detectors["b"].frauds, detectors["b"].honest, detectors["b"].decisive_frauds) == (1, 2, 1)
    assert contributions.by_reason["a.y"].decisive_frauds == 1
