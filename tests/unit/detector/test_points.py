"""The points of a decision's reasons add up to its risk, for any findings, weights and thresholds."""

import random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from orylo_common.control.sections.detection import DetectionPolicy
from orylo_common.messages import TrustStatus
from orylo_detector.domain.finding import Finding, WeightedFinding
from orylo_detector.domain.lists import override_of
from orylo_detector.domain.points import divide_risk, round_together
from orylo_detector.domain.verdict import Verdict, combined_risk, conclude

PAYMENTS = 100_000
WEIGHTS = st.one_of(st.sampled_from([0.0, 1.0, 0.9, 5e-324]), st.floats(0, 1))
FINDINGS = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 100), max_size=8)


def found(*findings: tuple[dict[str, int], float]) -> list[WeightedFinding]:
    return [
        WeightedFinding(f"d{number}", Finding({f"d{number}.{code}": score for code, score in scores.items()}), weight)
        for number, (scores, weight) in enumerate(findings)
    ]


def points_of(*findings: tuple[dict[str, int], float], risk: int) -> dict[str, int]:
    return {each.reason: each.points for each in divide_risk(found(*findings), risk)}


def check(verdict: Verdict, given_findings: list[WeightedFinding]) -> None:
    points = [each.points for each in verdict.points]
    assert sum(points) == verdict.risk_score
    assert min(points, default=0) >= 0
    assert points == sorted(points, reverse=True)
    assert sorted((each.detector, each.reason) for each in verdict.points) == sorted(
        (each.detector, reason) for each in given_findings for reason, score in each.finding.reasons.items() if score
    )


@given(
    st.lists(st.tuples(FINDINGS, WEIGHTS), max_size=9),
    st.sampled_from(TrustStatus),
    st.integers(1, 100),
    st.integers(0, 100),
)
@example([({"a": 100}, 1.0), ({"a": 100}, 1.0), ({"a": 1}, 0.0)], TrustStatus.BLOCKED, 50, 30)
@example([({"a": 1}, 1.0)] * 7, TrustStatus.NEUTRAL, 50, 30)
def test_points_are_whole_and_add_up_to_the_risk(
    findings: list[tuple[dict[str, int], float]], status: TrustStatus, review_at: int, block_after: int
) -> None:
    policy = DetectionPolicy(review_at=review_at, block_at=min(review_at + block_after, 101))
    given_findings = found(*findings)

    check(conclude(given_findings, (), override_of((), status), policy), given_findings)


def test_the_points_of_a_hundred_thousand_payments_add_up() -> None:
    chance = random.Random(20261120)
    known = [
        WeightedFinding(f"d{number}", Finding({code: chance.randint(0, 100) for code in "abcd"[: number % 5]}), weight)
        for number in range(1000)
        for weight in (0.9, 0.6, 0.7, 1.0, chance.random())
    ]
    for _ in range(PAYMENTS):
        findings = chance.sample(known, 3)
        risk_score = combined_risk(findings)
        points = [each.points for each in divide_risk(findings, risk_score)]
        assert sum(points) == risk_score
        assert min(points, default=0) >= 0


@pytest.mark.parametrize(
    ("findings", "risk", "expected"),
    [
        # ln 0.1 : ln 0.4 is 2.30 : 0.92.
        ([({"a": 100}, 0.9), ({"a": 100}, 0.6)], 96, {"d0.a": 69, "d1.a": 27}),
        ([({"a": 100, "b": 50}, 0.9)], 90, {"d0.a": 60, "d0.b": 30}),
        # Three equal shares of 10: the remainder goes to the first.
        ([({"a": 10, "b": 10, "c": 10}, 1.0)], 10, {"d0.a": 4, "d0.b": 3, "d0.c": 3}),
        # A detector that is certain leaves a share to the others.
        ([({"a": 100}, 1.0), ({"a": 50}, 1.0)], 100, {"d0.a": 88, "d1.a": 12}),
        ([({"a": 100}, 1.0), ({"a": 100}, 1.0)], 100, {"d0.a": 50, "d1.a": 50}),
        # Without a weight a reason is listed and has no points. A remark is not listed.
        ([({"a": 80}, 0.5), ({"a": 90}, 0.0), ({"remark": 0}, 1.0)], 40, {"d0.a": 40, "d1.a": 0}),
        ([({"a": 90}, 0.0)], 0, {"d0.a": 0}),
        ([], 0, {}),
    ],
)
def test_the_risk_is_divided_by_the_weight_of_the_evidence(
    findings: list[tuple[dict[str, int], float]], risk: int, expected: dict[str, int]
) -> None:
    assert conclude(found(*findings), (), None, DetectionPolicy()).risk_score == risk
    assert points_of(*findings, risk=risk) == expected


def test_the_largest_remainders_are_rounded_up() -> None:
    assert round_together([3.7, 3.2, 3.1], 10) == [4, 3, 3]
    assert round_together([0.5, 0.3, 0.2], 1) == [1, 0, 0]


def test_a_detector_whose_reasons_add_up_gives_their_total() -> None:
    geo = Finding({"geo.card_ip": 30, "geo.card_phone": 20}, total=60)
    alone = [WeightedFinding("geo", geo, 1.0)]

    assert geo.score == 60
    assert [each.points for each in divide_risk(alone, combined_risk(alone))] == [36, 24]


@pytest.mark.parametrize(
    ("reasons", "total"),
    [({"a": -1}, None), ({"a": 101}, None), ({"a": 60}, 101), ({"a": 60}, -1), ({}, 60), ({"a": 0}, 60)],
)
def test_a_score_out_of_range_or_without_a_reason_is_refused(reasons: dict[str, int], total: int | None) -> None:
    with pytest.raises(ValueError, match="a score"):
        Finding(reasons, total)
