"""A detector's finding: its reasons and their scores."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Finding:
    """One detector's reason codes, each with its score from 0 to 100. A code with a score of 0 is a remark.

    The detector's score is the highest of them, or `total` if its reasons add up. Raises `ValueError` for a score out of
    range, and for a total without a reason: every detector that scores has a reason.
    """

    reasons: Mapping[str, int] = field(default_factory=dict)
    total: int | None = None

    def __post_init__(self) -> None:
        if not all(0 <= score <= 100 for score in (self.score, *self.reasons.values())):
            raise ValueError(f"a score is not between 0 and 100: {self}")
        if self.score > 0 and not any(self.reasons.values()):
            raise ValueError(f"a score has no reason: {self}")

    @property
    def score(self) -> int:
        return max(self.reasons.values(), default=0) if self.total is None else self.total

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
