"""Combines the detectors' findings into one decision."""

from collections.abc import Sequence
from dataclasses import dataclass

from orylo_common.control.sections.detection import DetectionPolicy
from orylo_common.messages import Decision, DetectorResult, TrustStatus

ALLOWLISTED, BLOCKED = "list.allowlisted", "list.blocked"


@dataclass(frozen=True, slots=True)
class Finding:
    """One detector's score, from 0 (nothing suspicious) to 100, and its reason codes.

    Codes with a score of 0 are remarks. They are kept with the detector and are not reasons of the decision.
    """

    score: int
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WeightedResult:
    """A detector's result and its weight."""

    result: DetectorResult
    weight: float

    @property
    def risk(self) -> float:
        return self.weight * self.result.score / 100


@dataclass(frozen=True, slots=True)
class Verdict:
    decision: Decision
    risk_score: int
    reasons: tuple[str, ...]
    detectors: tuple[DetectorResult, ...]
    degraded: tuple[str, ...]


def conclude(
    found: Sequence[WeightedResult], degraded: tuple[str, ...], status: TrustStatus, policy: DetectionPolicy
) -> Verdict:
    """Decide. A list entry overrides the risk. For an allowlisted customer the risk is reported unchanged."""
    risk_score = combined_risk(found)
    suspicious = sorted((each for each in found if each.result.score), key=lambda each: -each.risk)
    reasons = tuple(reason for each in suspicious for reason in each.result.reasons)
    if status is TrustStatus.BLOCKED:
        decision, risk_score, reasons = Decision.BLOCK, 100, (BLOCKED, *reasons)
    elif status is TrustStatus.ALLOWLISTED:
        decision, reasons = Decision.ALLOW, (ALLOWLISTED, *reasons)
    else:
        decision = _decision(risk_score, policy)
    return Verdict(decision, risk_score, reasons, tuple(each.result for each in found), degraded)


def combined_risk(found: Sequence[WeightedResult]) -> int:
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
