"""Counts payments by risk and label, and the measures that follow from the counts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate

# Risks are whole numbers from 0 to 100.
RISKS = 101


def _zeros() -> list[int]:
    return [0] * RISKS


@dataclass(frozen=True, slots=True)
class Rates:
    """Of the payments with a risk of at least `threshold`. A rate is None if there is nothing to divide by."""

    threshold: int
    frauds: int
    honest: int
    detection_rate: float | None
    false_positive_rate: float | None
    precision: float | None


@dataclass(frozen=True, slots=True)
class RiskCounts:
    """Payments at each risk."""

    frauds: list[int] = field(default_factory=_zeros)
    honest: list[int] = field(default_factory=_zeros)

    def add(self, risk: int, *, is_fraud: bool) -> None:
        (self.frauds if is_fraud else self.honest)[risk] += 1

    def rates(self) -> list[Rates]:
        """Return the rates at each threshold from 0 to 100, and at 101, which no payment reaches."""
        all_frauds, all_honest = sum(self.frauds), sum(self.honest)
        frauds, honest = _at_least(self.frauds), _at_least(self.honest)
        return [
            Rates(
                threshold,
                frauds[threshold],
                honest[threshold],
                _ratio(frauds[threshold], all_frauds),
                _ratio(honest[threshold], all_honest),
                _ratio(frauds[threshold], frauds[threshold] + honest[threshold]),
            )
            for threshold in range(RISKS + 1)
        ]

    def roc_auc(self) -> float | None:
        """Return the probability that a fraud has a higher risk than an honest payment. Equal risks count half."""
        higher = 0.0
        honest_below = 0
        for frauds, honest in zip(self.frauds, self.honest, strict=True):
            higher += frauds * (honest_below + honest / 2)
            honest_below += honest
        return _ratio(higher, sum(self.frauds) * honest_below)

    def average_precision(self) -> float | None:
        """Return the mean precision over the frauds: each step in the detection rate times the precision there.

        Without interpolation, as in scikit-learn. None if there is no fraud.
        """
        all_frauds = sum(self.frauds)
        if not all_frauds:
            return None
        total = 0.0
        frauds = honest = 0
        for new_frauds, new_honest in zip(reversed(self.frauds), reversed(self.honest), strict=True):
            frauds, honest = frauds + new_frauds, honest + new_honest
            if new_frauds:
                total += new_frauds / all_frauds * frauds / (frauds + honest)
        return total


def _at_least(counts: Sequence[int]) -> list[int]:
    """Return, for each threshold from 0 to 101, the sum of the counts from there on."""
    return [*reversed(list(accumulate(reversed(counts)))), 0]


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None
