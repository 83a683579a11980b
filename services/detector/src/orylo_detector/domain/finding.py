"""A detector's finding: its reasons and their scores."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Finding:
    """One detector's reason codes, each with its score from 0 to 100. Raises `ValueError` for any other score.

    The detector's score is the highest of them: a score without a reason cannot be expressed. A code with a score of 0
    is a remark. It is kept with the detector and is not a reason of the decision.
    """

    reasons: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for code, score in self.reasons.items():
            if not 0 <= score <= 100:
                raise ValueError(f"the score of {code} is {score}, not between 0 and 100")

    @property
    def score(self) -> int:
        return max(self.reasons.values(), default=0)

    @property
    def codes(self) -> tuple[str, ...]:
        """Return all codes, the most serious first, remarks last."""
        return tuple(sorted(self.reasons, key=lambda code: -self.reasons[code]))


@dataclass(frozen=True, slots=True)
class WeightedFinding:
    """A detector's finding with the detector's name, its weight from 0 to 1 and its duration in microseconds."""

    detector: str
    finding: Finding
    weight: float
    duration_us: int = 0

    @property
    def risk(self) -> float:
        """Return the probability, from 0 to 1, that the detector is right."""
        return self.weight * self.finding.score / 100
