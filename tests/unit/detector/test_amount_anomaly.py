import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orylo_common.control.sections.detection import DetectionPolicy
from orylo_detector.detectors import amount_anomaly
from orylo_detector.domain.amounts import AmountHistogram, AmountHistory, bucket, summarise
from orylo_detector.domain.features import FeatureMissing, Features, Subject
from orylo_detector.domain.finding import Finding
from tests.unit.detector.cases import features, payment

POLICY = DetectionPolicy()


def history(*amounts_minor: int) -> AmountHistory:
    return summarise(Counter(map(bucket, amounts_minor)))


def score(amount_minor: int, **amounts: AmountHistory) -> int:
    known: dict[Subject, AmountHistory] = {}
    for subject in ("customer", "product", "tenant"):
        if subject in amounts:
            known[subject] = amounts[subject]
    return amount_anomaly.assess(payment(amount_minor=amount_minor), features(amounts=known), POLICY).score


@pytest.mark.parametrize("times", [0.01, 0.5, 1, 1.3, 2])
def test_usual_and_small_amounts_score_nothing(times: float) -> None:
    assert score(round(10_000 * times), customer=history(*[10_000] * 5)) == 0


def test_a_higher_amount_scores_higher() -> None:
    usual = history(9_000, 10_000, 10_000, 11_000, 12_000)
    scores = [score(10_000 * times, customer=usual) for times in (2, 4, 7, 20)]

    assert scores == sorted(scores)
    assert scores[0] == 0
    assert scores[-1] == 100


def test_varied_amounts_make_a_high_one_less_unusual() -> None:
    regular, varied = history(*[10_000] * 9), history(*(2_000 * 2**number for number in range(7)))

    assert score(100_000, customer=varied) < score(100_000, customer=regular)


def test_one_extreme_payment_does_not_make_the_next_one_usual() -> None:
    usual = [10_000, 11_000, 9_000, 10_500, 9_500]

    assert score(1_000_000, customer=history(*usual, 1_000_000)) == 100


def test_too_short_a_history_gives_only_the_remark() -> None:
    finding = amount_anomaly.assess(
        payment(amount_minor=10**7), features(amounts={"customer": history(10_000, 10_000)}), POLICY
    )
    assert finding == Finding({"amount_anomaly.no_history": 0})


def test_the_reasons_name_the_histories_that_the_amount_deviates_from() -> None:
    known: dict[Subject, AmountHistory] = {
        "customer": history(*[1_000_000] * 5),
        "product": history(*[10_000] * 30),
        "tenant": history(*[20_000] * 60),
    }
    finding = amount_anomaly.assess(payment(amount_minor=1_000_000), features(amounts=known), POLICY)

    assert finding == Finding({"amount_anomaly.product": 90, "amount_anomaly.tenant": 70})


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=60), st.integers(0, 10**10))
def test_any_history_gives_a_score_and_a_larger_amount_is_never_less_unusual(amounts: list[int], amount: int) -> None:
    usual = history(*amounts)
    shuffled = random.sample(amounts, len(amounts))

    assert history(*shuffled) == usual
    assert usual.distance(amount) <= usual.distance(amount * 2 + 1)


def test_without_amounts_the_detector_reports_a_missing_feature() -> None:
    with pytest.raises(FeatureMissing):
        amount_anomaly.assess(payment(), Features({}, None, None), POLICY)


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=60))
def test_a_growing_histogram_has_the_same_summary_at_any_time(amounts: list[int]) -> None:
    histogram = AmountHistogram()
    for number, amount in enumerate(amounts, start=1):
        histogram.add(bucket(amount))
        assert histogram.summary() == history(*amounts[:number])


def test_five_times_the_usual_is_unusual_even_for_a_customer_whose_amounts_vary() -> None:
    # As drawn from a normal distribution with a deviation of half its mean.
    varied = history(*[4_000, 6_500, 8_300, 10_000, 11_700, 13_500, 18_000] * 3)

    assert score(18_000, customer=varied) == 0
    assert score(50_000, customer=varied) > 60
