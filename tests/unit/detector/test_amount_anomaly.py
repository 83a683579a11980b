import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orylo_common.control.sections.detection import DetectionPolicy
from orylo_detector.detectors import amount_anomaly
from orylo_detector.domain.amounts import AmountHistory, bucket, summarise
from orylo_detector.domain.features import FeatureMissing, Features, Subject
from tests.unit.detector.cases import features, payment

RULES = DetectionPolicy()


def history(*amounts_minor: int) -> AmountHistory:
    return summarise(Counter(map(bucket, amounts_minor)))


def score(amount_minor: int, **amounts: AmountHistory) -> int:
    known: dict[Subject, AmountHistory] = {}
    for subject in ("customer", "product", "tenant"):
        if subject in amounts:
            known[subject] = amounts[subject]
    return amount_anomaly.assess(payment(amount_minor=amount_minor), features(amounts=known), RULES).score


@pytest.mark.parametrize("times", [0.01, 0.5, 1, 1.3, 2])
def test_the_usual_and_the_small_are_nothing(times: float) -> None:
    assert score(round(10_000 * times), customer=history(*[10_000] * 5)) == 0


def test_more_is_odder() -> None:
    usual = history(9_000, 10_000, 10_000, 11_000, 12_000)
    scores = [score(10_000 * times, customer=usual) for times in (2, 4, 7, 20)]

    assert scores == sorted(scores)
    assert scores[0] == 0
    assert scores[-1] == 100


def test_a_customer_with_varied_amounts_is_allowed_more() -> None:
    regular, varied = history(*[10_000] * 9), history(*(2_000 * 2**number for number in range(7)))

    assert score(100_000, customer=varied) < score(100_000, customer=regular)


def test_one_extreme_payment_does_not_make_the_next_usual() -> None:
    usual = [10_000, 11_000, 9_000, 10_500, 9_500]

    assert score(1_000_000, customer=history(*usual, 1_000_000)) == 100


def test_too_short_a_history_says_so_and_nothing_else() -> None:
    finding = amount_anomaly.assess(
        payment(amount_minor=10**7), features(amounts={"customer": history(10_000, 10_000)}), RULES
    )
    assert (finding.score, finding.reasons) == (0, ("amount_anomaly.no_history",))


def test_the_reasons_name_whose_history_is_broken() -> None:
    known: dict[Subject, AmountHistory] = {
        "customer": history(*[1_000_000] * 5),
        "product": history(*[10_000] * 30),
        "tenant": history(*[20_000] * 60),
    }
    finding = amount_anomaly.assess(payment(amount_minor=1_000_000), features(amounts=known), RULES)

    assert finding.reasons == ("amount_anomaly.product", "amount_anomaly.tenant")
    assert finding.score == 90


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=60), st.integers(0, 10**10))
def test_any_history_gives_a_score_and_a_larger_amount_is_never_less_odd(amounts: list[int], amount: int) -> None:
    usual = history(*amounts)
    shuffled = random.sample(amounts, len(amounts))

    assert history(*shuffled) == usual
    assert usual.distance(amount) <= usual.distance(amount * 2 + 1)


def test_without_the_amounts_there_is_nothing_to_say() -> None:
    with pytest.raises(FeatureMissing):
        amount_anomaly.assess(payment(), Features({}, None, None), RULES)
