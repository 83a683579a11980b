"""A detector's finding: its reasons and their scores."""

from collections.abc import Mapping
from dataclasses import InitVar, dataclass, field
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Finding:
    """One detector's reason codes, each with its score from 0 to 100. A code with a score of 0 is a remark.

    The detector's score is the highest of them, or `total` if its reasons add up. Raises `ValueError` for a score out
    of range, and for a score without a reason.
    """

    reasons: Mapping[str, int] = field(default_factory=dict)
    total: InitVar[int | None] = None
    # By code, the numbers that the reason's words have places for.
    figures: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    score: int = field(init=False)

    def __post_init__(self, total: int | None) -> None:
        if not self.reasons and not total:
            object.__setattr__(self, "score", 0)
            return
        highest, lowest = max(self.reasons.values(), default=0), min(self.reasons.values(), default=0)
        score = highest if total is None else total
        if not (lowest >= 0 and highest <= 100 and 0 <= score <= 100):
            raise ValueError(f"a score is not between 0 and 100: {self.reasons}, total {total}")
        if score and not highest:
            raise ValueError(f"a score of {score} has no reason")
        object.__setattr__(self, "score", score)

    @property
    def codes(self) -> tuple[str, ...]:
        """Return all codes, the most serious first, remarks last."""
        if len(self.reasons) < 2:
            return tuple(self.reasons)
        return tuple(sorted(self.reasons, key=lambda code: -self.reasons[code]))


# Most findings are empty.
NOTHING = Finding()


class WeightedFinding(NamedTuple):
    """A detector's finding with the detector's name, its weight from 0 to 1 and its duration in microseconds."""

    detector: str
    finding: Finding
    weight: float
    duration_us: int = 0

    @property
    def risk(self) -> float:
        """Return the probability, from 0 to 1, that the detector is right."""
        return self.weight * self.finding.score / 100
