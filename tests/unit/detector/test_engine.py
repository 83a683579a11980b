import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from orylo_common.control.sections.detection import DetectionPolicy
from orylo_common.messages import Decision, DecisionWithout, PaymentFact, TrustStatus
from orylo_detector.detectors import DETECTORS, Detector
from orylo_detector.domain.features import FeatureMissing, Features
from orylo_detector.domain.finding import Finding, WeightedFinding
from orylo_detector.domain.verdict import Verdict, combined_risk
from orylo_detector.engine import Engine
from tests.unit.detector.cases import REGULAR, attempts, features, payment

POLICY = DetectionPolicy()
# Most tests are not about time: no detector is late, even on a machine that stalls.
NO_LIMIT = timedelta(minutes=1)
LIMIT = timedelta(milliseconds=200)


def engine_of(detectors: Sequence[Detector] = DETECTORS) -> Engine:
    return Engine(detectors, time_limit=NO_LIMIT)


def finds(score: int, reason: str = "seen", *, name: str = "sure", weight: float = 1.0) -> Detector:
    return Detector(name, lambda payment, features, policy: Finding({reason: score}), weight)


def points_of(verdict: Verdict) -> dict[str, int]:
    return {each.reason: each.points for each in verdict.points}


def exaggerates(payment: PaymentFact, features: Features, policy: DetectionPolicy) -> Finding:
    return Finding({"seen": 101})


def fails(payment: PaymentFact, features: Features, policy: DetectionPolicy) -> Finding:
    raise ZeroDivisionError


def misses(payment: PaymentFact, features: Features, policy: DetectionPolicy) -> Finding:
    raise FeatureMissing("attempts")


def computes(payment: PaymentFact, features: Features, policy: DetectionPolicy) -> Finding:
    time.sleep(1.5 * LIMIT.total_seconds())
    return Finding({"too late": 90})


async def never(payment: PaymentFact, features: Features, policy: DetectionPolicy) -> Finding:
    await asyncio.Event().wait()
    raise AssertionError


async def soon(payment: PaymentFact, features: Features, policy: DetectionPolicy) -> Finding:
    await asyncio.sleep(0)
    return Finding({"soon": 40})


@pytest.mark.parametrize(
    ("broken", "limit"),
    [(fails, NO_LIMIT), (exaggerates, NO_LIMIT), (misses, NO_LIMIT), (never, LIMIT), (computes, LIMIT)],
)
async def test_a_detector_that_fails_or_is_late_is_left_out_and_named(broken: object, limit: timedelta) -> None:
    engine = Engine([Detector("broken", broken, 1.0), finds(60, "seen")], time_limit=limit)  # type: ignore[arg-type]
    verdict = await engine.decide(payment(), features(), POLICY)

    assert verdict.degraded == ("broken",)
    assert [result.name for result in verdict.detectors] == ["sure"]
    assert (verdict.decision, verdict.risk_score, points_of(verdict)) == (Decision.REVIEW, 60, {"seen": 60})


async def test_detectors_that_wait_run_concurrently() -> None:
    met = asyncio.Barrier(2)

    async def meets(payment: PaymentFact, features: Features, policy: DetectionPolicy) -> Finding:
        await met.wait()
        return Finding({"seen": 50})

    verdict = await engine_of([Detector("one", meets, 0.5), Detector("two", meets, 0.5)]).decide(
        payment(), features(), POLICY
    )
    assert (verdict.degraded, verdict.risk_score) == ((), 44)


async def test_results_are_in_the_order_of_the_table() -> None:
    verdict = await engine_of([Detector("waits", soon, 1.0), finds(10)]).decide(payment(), features(), POLICY)

    assert [(result.name, result.score) for result in verdict.detectors] == [("waits", 40), ("sure", 10)]


async def test_with_every_detector_broken_there_is_still_a_decision() -> None:
    verdict = await engine_of([Detector("broken", fails, 1.0)]).decide(payment(), features(), POLICY)

    assert (verdict.decision, verdict.risk_score, verdict.degraded) == (Decision.ALLOW, 0, ("broken",))


@pytest.mark.parametrize(("score", "decision"), [(49, "allow"), (50, "review"), (79, "review"), (80, "block")])
async def test_the_thresholds_decide(score: int, decision: str) -> None:
    assert (await engine_of([finds(score)]).decide(payment(), features(), POLICY)).decision == decision


async def test_the_thresholds_are_the_tenants() -> None:
    never_block = DetectionPolicy(review_at=90, block_at=101)

    assert (await engine_of([finds(100)]).decide(payment(), features(), never_block)).decision is Decision.REVIEW
    with pytest.raises(ValidationError):
        DetectionPolicy(review_at=80, block_at=50)


async def test_the_weights_are_the_tenants() -> None:
    ignoring = DetectionPolicy(weights={"sure": 0})

    verdict = await engine_of([finds(100)]).decide(payment(), features(), ignoring)
    assert (verdict.risk_score, points_of(verdict)) == (0, {"seen": 0})


@pytest.mark.parametrize("score", [0, 7, 95])
@pytest.mark.parametrize(
    ("status", "decision"), [(TrustStatus.BLOCKED, Decision.BLOCK), (TrustStatus.ALLOWLISTED, Decision.ALLOW)]
)
async def test_a_list_entry_overrides_the_decision_and_leaves_the_risk_and_its_points(
    status: TrustStatus, decision: Decision, score: int
) -> None:
    listed = features(customer=replace(REGULAR, status=status))
    verdict = await engine_of([finds(score)]).decide(payment(), listed, POLICY)

    assert (verdict.decision, verdict.override, verdict.risk_score) == (decision, status.value, score)
    assert points_of(verdict) == ({"seen": score} if score else {})


async def test_without_a_list_entry_nothing_is_overridden() -> None:
    assert (await engine_of([finds(95)]).decide(payment(), features(customer=None), POLICY)).override is None


async def test_the_most_serious_reasons_come_first_and_remarks_stay_with_their_detector() -> None:
    table = [finds(0, "remark", name="a"), finds(20, "minor", name="b"), finds(90, "major", name="c")]
    verdict = await engine_of(table).decide(payment(), features(), POLICY)

    assert points_of(verdict) == {"major": 84, "minor": 8}
    assert verdict.detectors[0].reasons == ("remark",)


async def test_the_real_table_blocks_card_testing_and_lets_a_regular_customer_pay() -> None:
    engine = engine_of()
    burst = features({"card": attempts(12), "ip": attempts(12)})

    assert (await engine.decide(payment(), burst, POLICY)).decision is Decision.BLOCK
    assert (await engine.decide(payment(), features({"card": attempts(1)}), POLICY)).decision is Decision.ALLOW


@pytest.mark.parametrize("on_degraded", ["fail_open", "fail_review"])
@pytest.mark.parametrize("status", [TrustStatus.NEUTRAL, TrustStatus.BLOCKED])
@pytest.mark.parametrize("scores", [(60,), (60, 55, 0), (90, 90), (100, 30, 10)])
async def test_the_outcome_without_a_detector_is_that_of_a_second_decision_without_it(
    scores: Sequence[int], status: TrustStatus, on_degraded: str
) -> None:
    table = [finds(score, name=f"d{index}", weight=0.9) for index, score in enumerate(scores)]
    engine = engine_of([*table, Detector("broken", fails, 1.0)])
    known = features(customer=replace(REGULAR, status=status))
    changes = {"on_degraded": on_degraded}
    verdict = await engine.decide(payment(), known, DetectionPolicy.model_validate(changes))

    for result in verdict.detectors:
        ignoring = DetectionPolicy.model_validate(changes | {"weights": {result.name: 0}})
        second = await engine.decide(payment(), known, ignoring)
        expected = DecisionWithout(risk_score=second.risk_score, decision=second.decision) if result.score else None
        assert result.otherwise == expected


@pytest.mark.parametrize(
    ("score", "mode", "decision", "override"),
    [
        (0, "fail_open", Decision.ALLOW, None),
        (0, "fail_review", Decision.REVIEW, "degraded"),
        (60, "fail_review", Decision.REVIEW, None),
        (90, "fail_review", Decision.BLOCK, None),
    ],
)
async def test_a_tenant_can_review_what_would_be_allowed_without_a_detector(
    score: int, mode: str, decision: Decision, override: str | None
) -> None:
    policy = DetectionPolicy.model_validate({"on_degraded": mode})
    engine = engine_of((finds(score), Detector("broken", fails, 1.0)))
    verdict = await engine.decide(payment(), features(), policy)

    assert (verdict.decision, verdict.override, verdict.degraded) == (decision, override, ("broken",))
    whole = await engine_of((finds(score),)).decide(payment(), features(), policy)
    assert whole.override is None
    listed = features(customer=replace(REGULAR, status=TrustStatus.ALLOWLISTED))
    assert (await engine.decide(payment(), listed, policy)).decision is Decision.ALLOW


async def test_without_redis_the_detectors_of_attempts_are_degraded_and_the_others_decide() -> None:
    verdict = await engine_of().decide(
        payment(), Features(None, replace(REGULAR, trust_score=0), {}, entities={}), POLICY
    )

    assert verdict.degraded == ("velocity", "card_testing")
    assert verdict.decision is Decision.REVIEW


def test_names_in_the_table_are_unique() -> None:
    assert len({detector.name for detector in DETECTORS}) == len(DETECTORS)


WEIGHTED = st.builds(
    lambda score, weight: WeightedFinding("any", Finding({"any": score}), weight),
    st.integers(0, 100),
    st.floats(0, 1),
)


@given(st.lists(WEIGHTED, max_size=7), WEIGHTED)
def test_more_evidence_never_lowers_the_risk(found: list[WeightedFinding], more: WeightedFinding) -> None:
    assert 0 <= combined_risk(found) <= combined_risk([*found, more]) <= 100
    assert combined_risk([*found, more]) >= int(100 * more.risk)
