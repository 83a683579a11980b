"""Every reason that a detector can return has plain words, and the generated documents are current."""

import json
from pathlib import Path
from string import Formatter
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orylo_common.control.sections.detection import VELOCITY, DetectionPolicy, RiskEntity, VelocityLimit
from orylo_common.messages import PaymentSucceeded
from orylo_detector.detector_table import reasons, with_table
from orylo_detector.detectors import DETECTORS, Detector
from orylo_detector.domain.amounts import AmountHistory
from orylo_detector.domain.entities import EntityCounts, fortnight_of
from orylo_detector.domain.features import CustomerHistory, Features
from orylo_detector.domain.finding import Finding
from tests.unit.detector.cases import NOW, attempts, payment

ROOT = Path(__file__).parents[3]
README, WORDS = ROOT / "services/detector/README.md", ROOT / "web/src/subjects/detections/reasons.json"

# Every window of every entity has limits, which few attempts exceed.
STRICT = DetectionPolicy(
    velocity={
        entity: {window: VelocityLimit(attempts=2, amount_minor={"BRL": 2_000}) for window in limits}
        for entity, limits in VELOCITY.items()
    }
)
COUNTS, TODAY = st.integers(0, 4), fortnight_of(NOW)
CUSTOMERS = st.none() | st.builds(
    CustomerHistory,
    payments=COUNTS,
    first_paid_at=st.sampled_from([None, NOW]),
    refunds=COUNTS,
    disputes=COUNTS,
    disputes_won=st.just(0),
    fraud_warnings=COUNTS,
    trust_score=st.none() | st.integers(0, 100),
)
FEATURES = st.builds(
    Features,
    st.dictionaries(st.sampled_from(list(VELOCITY)), st.builds(attempts, COUNTS)),
    CUSTOMERS,
    st.dictionaries(
        st.sampled_from(["customer", "product", "tenant"]),
        st.builds(AmountHistory, st.integers(0, 60), st.floats(0, 60)),
    ),
    st.none(),
    st.just(()),
    st.dictionaries(
        st.sampled_from(get_args(RiskEntity)),
        st.builds(lambda payments, frauds: EntityCounts.of([(TODAY, payments, min(payments, frauds))]), COUNTS, COUNTS),
    ),
)


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda each: each.name)
@given(features=FEATURES)
def test_every_reason_that_is_found_is_explained(detector: Detector, features: Features) -> None:
    finding = detector.assess(payment(PaymentSucceeded), features, STRICT)

    assert isinstance(finding, Finding)
    assert set(finding.reasons) <= set(detector.explanation.reasons)
    for code in finding.reasons:
        places = {name for _, name, _, _ in Formatter().parse(detector.explanation.reasons[code]) if name}
        assert places == set(finding.figures.get(code, ()))


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda each: each.name)
def test_every_detector_is_explained(detector: Detector) -> None:
    explanation = detector.explanation

    assert explanation.looks_at
    assert explanation.parameters
    assert all(code.startswith(f"{detector.name}.") for code in explanation.reasons)


def test_no_two_reasons_read_the_same() -> None:
    assert len(set(reasons().values())) == len(reasons())


def test_the_generated_documents_are_current() -> None:
    assert README.read_text() == with_table(README.read_text()), "run `make docs`"
    assert json.loads(WORDS.read_text()) == reasons(), "run `make docs`"
