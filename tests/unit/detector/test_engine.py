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
from orylo_common.messages import Decision, DetectorResult, PaymentFact, TrustStatus
from orylo_detector.detectors import DETECTORS, Detector
from orylo_detector.domain.features import FeatureMissing, Features
from orylo_detector.domain.verdict import Finding, WeightedResult, combined_risk
from orylo_detector.engine import Engine
from tests.unit.detector.cases import REGULAR, attempts, features, payment

POLICY = DetectionPolicy()
# Most tests are not about time: no detector is late, even on a machine that stalls.
NO_LIMIT = timedelta(minutes=1)
LIMIT = timedelta(milliseconds=200)


def engine_of(detectors: Sequence[Detector] = DETECTORS) -> Engine:
    return Engine(detectors, time_limit=NO_LIMIT)


def finds(score: int, *reasons: str, name: str = "sure", weight: float = 1.0) -> Detector:
    return Detector(name, lambda payment, features, policy: Finding(score, reasons), weight)


def fails(payment: PaymentFact, features: Features, policy: DetectionPolicy) -> Finding:
    raise ZeroDivisionError


def misses(payment: PaymentFact, features: Features, policy: DetectionPolicy) -> Finding:
    raise FeatureMissing("attempts")


def computes(payment: PaymentFact, features: Features, policy: DetectionPolicy) -> Finding:
    time.sleep(1.5 * LIMIT.total_seconds())
    return Finding(90, ("too late",))


async def never(payment: PaymentFact, features: Features, policy: DetectionPolicy) -> Finding:
    await asyncio.Event().wait()
    raise AssertionError


async def soon(payment: PaymentFact, features: Features, policy: DetectionPolicy) -> Finding:
    await asyncio.sleep(0)
    return Finding(40, ("soon",))


@pytest.mark.parametrize(
    ("broken", "limit"), [(fails, NO_LIMIT), (misses, NO_LIMIT), (never, LIMIT), (computes, LIMIT)]
)
async def test_a_detector_that_fails_or_is_late_is_left_out_and_named(broken: object, limit: timedelta) -> None:
    engine = Engine([Detector("broken", broken, 1.0), finds(60, "seen")], time_limit=limit)  # type: ignore[arg-type]
    verdict = await engine.decide(payment(), features(), POLICY)

    assert verdict.degraded == ("broken",)
    assert [result.name for result in verdict.detectors] == ["sure"]
    assert (verdict.decision, verdict.risk_score, verdict.reasons) == (Decision.REVIEW, 60, ("seen",))


async def test_detectors_that_wait_run_concurrently() -> None:
    met = asyncio.Barrier(2)

    async def meets(payment: PaymentFact, features: Features, policy: DetectionPolicy) -> Finding:
        await met.wait()
        return Finding(50)

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

    assert (await engine_of([finds(100)]).decide(payment(), features(), ignoring)).risk_score == 0


async def test_a_blocked_customer_is_blocked_whatever_the_findings() -> None:
    blocked = features(customer=replace(REGULAR, status=TrustStatus.BLOCKED))
    verdict = await engine_of([finds(0)]).decide(payment(), blocked, POLICY)

    assert (verdict.decision, verdict.risk_score, verdict.reasons) == (Decision.BLOCK, 100, ("list.blocked",))


async def test_an_allowlisted_customer_is_allowed_and_the_risk_is_reported_unchanged() -> None:
    trusted = features(customer=replace(REGULAR, status=TrustStatus.ALLOWLISTED))
    verdict = await engine_of([finds(95, "seen")]).decide(payment(), trusted, POLICY)

    assert (verdict.decision, verdict.risk_score) == (Decision.ALLOW, 95)
    assert verdict.reasons == ("list.allowlisted", "seen")


async def test_the_most_serious_reasons_come_first_and_remarks_stay_with_their_detector() -> None:
    table = [finds(0, "remark", name="a"), finds(20, "minor", name="b"), finds(90, "major", name="c")]
    verdict = await engine_of(table).decide(payment(), features(), POLICY)

    assert verdict.reasons == ("major", "minor")
    assert verdict.detectors[0].reasons == ("remark",)


async def test_the_real_table_blocks_card_testing_and_lets_a_regular_customer_pay() -> None:
    engine = engine_of()
    burst = features({"card": attempts(12), "ip": attempts(12)})

    assert (await engine.decide(payment(), burst, POLICY)).decision is Decision.BLOCK
    assert (await engine.decide(payment(), features({"card": attempts(1)}), POLICY)).decision is Decision.ALLOW


async def test_without_redis_the_detectors_of_attempts_are_degraded_and_the_others_decide() -> None:
    verdict = await engine_of().decide(payment(), Features(None, replace(REGULAR, trust_score=0), {}), POLICY)

    assert verdict.degraded == ("velocity", "card_testing")
    assert verdict.decision is Decision.REVIEW


def test_names_in_the_table_are_unique() -> None:
    assert len({detector.name for detector in DETECTORS}) == len(DETECTORS)


WEIGHTED = st.builds(
    lambda score, weight: WeightedResult(DetectorResult(name="any", score=score, duration_us=0), weight),
    st.integers(0, 100),
    st.floats(0, 1),
)


@given(st.lists(WEIGHTED, max_size=7), WEIGHTED)
def test_more_evidence_never_lowers_the_risk(found: list[WeightedResult], more: WeightedResult) -> None:
    assert 0 <= combined_risk(found) <= combined_risk([*found, more]) <= 100
    assert combined_risk([*found, more]) >= int(100 * more.risk)
