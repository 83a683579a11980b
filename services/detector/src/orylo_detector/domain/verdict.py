"""From what the detectors found to one decision."""

from collections.abc import Sequence
from dataclasses import dataclass

from orylo_common.control.sections.detection import DetectionPolicy
from orylo_common.messages import Decision, DetectorResult, TrustStatus

ALLOWLISTED, BLOCKED = "list.allowlisted", "list.blocked"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one detector concludes: 0 (nothing) to 100, and why, as codes.

    Codes of a finding of 0 are remarks: they stand with the detector and not among the decision's reasons.
    """

    score: int
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Weighted:
    """A detector's result, and how much of it counts."""

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
    found: Sequence[Weighted], degraded: tuple[str, ...], status: TrustStatus, rules: DetectionPolicy
) -> Verdict:
    """One decision. A list entry settles it; the risk of an allow-listed customer's payment is told all the same."""
    risk_score = combined_risk(found)
    telling = sorted((each for each in found if each.result.score), key=lambda each: -each.risk)
    reasons = tuple(reason for each in telling for reason in each.result.reasons)
    if status is TrustStatus.BLOCKED:
        decision, risk_score, reasons = Decision.BLOCK, 100, (BLOCKED, *reasons)
    elif status is TrustStatus.ALLOWLISTED:
        decision, reasons = Decision.ALLOW, (ALLOWLISTED, *reasons)
    else:
        decision = _decision(risk_score, rules)
    return Verdict(decision, risk_score, reasons, tuple(each.result for each in found), degraded)


def combined_risk(found: Sequence[Weighted]) -> int:
    """Noisy-or: each detector's weighted score is the chance that it is right, and one of them suffices.

    So more evidence never lowers the risk, and weak hints add up without ever being certain.
    """
    innocent = 1.0
    for each in found:
        innocent *= 1 - each.risk
    return round(100 * (1 - innocent))


def _decision(risk_score: int, rules: DetectionPolicy) -> Decision:
    if risk_score >= rules.block_at:
        return Decision.BLOCK
    return Decision.REVIEW if risk_score >= rules.review_at else Decision.ALLOW
