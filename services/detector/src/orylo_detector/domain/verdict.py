"""Combines the detectors' findings into one decision."""

from collections.abc import Sequence
from dataclasses import dataclass

from orylo_common.control.sections.detection import DetectionPolicy
from orylo_common.messages import Decision, DetectorResult, ReasonPoints
from orylo_detector.domain.finding import WeightedFinding
from orylo_detector.domain.lists import Override
from orylo_detector.domain.points import divide_risk

SEVERITIES = (Decision.ALLOW, Decision.REVIEW, Decision.BLOCK)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A decision. The points add up to the risk; `override` is the kind of list entry that decided in its place."""

    decision: Decision
    risk_score: int
    points: tuple[ReasonPoints, ...]
    detectors: tuple[DetectorResult, ...]
    degraded: tuple[str, ...]
    override: str | None = None

    @property
    def severity(self) -> tuple[int, int]:
        return severity(self.decision, self.risk_score)


def severity(decision: Decision, risk_score: int) -> tuple[int, int]:
    """Return a key that sorts decisions from the mildest to the most severe."""
    return SEVERITIES.index(decision), risk_score


def conclude(
    found: Sequence[WeightedFinding], degraded: tuple[str, ...], override: Override | None, policy: DetectionPolicy
) -> Verdict:
    """Decide. An override replaces the decision and leaves the risk and its points as computed."""
    risk_score = combined_risk(found)
    return Verdict(
        _decision(risk_score, policy) if override is None else override.decision,
        risk_score,
        divide_risk(found, risk_score),
        tuple(map(_result, found)),
        degraded,
        None if override is None else override.source,
    )


def combined_risk(found: Sequence[WeightedFinding]) -> int:
    """Combine by noisy-or: a weighted score is the probability that its detector is right, and one suffices.

    More evidence never lowers the risk, and weak hints add up without ever reaching certainty.
    """
    innocent = 1.0
    for each in found:
        innocent *= 1 - each.risk
    return round(100 * (1 - innocent))


def _decision(risk_score: int, policy: DetectionPolicy) -> Decision:
    if risk_score >= policy.block_at:
        return Decision.BLOCK
    return Decision.REVIEW if risk_score >= policy.review_at else Decision.ALLOW


def _result(each: WeightedFinding) -> DetectorResult:
    return DetectorResult(
        name=each.detector, score=each.finding.score, reasons=each.finding.codes, duration_us=each.duration_us
    )
