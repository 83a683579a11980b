"""Amounts on a logarithmic scale, and how far one lies from what is usual.

A history is a histogram: a fixed number of buckets, the same sum in whatever order it was added up, and
a median and a spread that a few extreme amounts cannot move.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

# Four to the doubling: neighbours differ by 19 %, which is finer than any judgement made here.
BUCKETS_PER_DOUBLING = 4
# The spread of a history without any (one price) and of one so wide that nothing would stand out.
NARROWEST, WIDEST = 1.5, 8.0
# Makes the median absolute deviation of normally distributed values their standard deviation.
MAD_TO_SIGMA = 1.4826


@dataclass(frozen=True, slots=True)
class AmountHistory:
    """`median` and `spread` are in buckets."""

    payments: int
    median: float = 0.0
    spread: float = NARROWEST

    def distance(self, amount_minor: int) -> float:
        """Spreads above the median; negative below it."""
        return (position(amount_minor) - self.median) / self.spread


def position(amount_minor: int) -> float:
    return BUCKETS_PER_DOUBLING * math.log2(max(amount_minor, 1))


def bucket(amount_minor: int) -> int:
    return round(position(amount_minor))


def summarise(histogram: Mapping[int, int]) -> AmountHistory:
    """What `histogram` (payments by bucket) says about the usual."""
    payments = sum(histogram.values())
    if not payments:
        return AmountHistory(0)
    median = _median({float(at): count for at, count in histogram.items()})
    deviations: dict[float, int] = {}
    for at, count in histogram.items():
        deviations[abs(at - median)] = deviations.get(abs(at - median), 0) + count
    spread = MAD_TO_SIGMA * _median(deviations)
    return AmountHistory(payments, median, min(max(spread, NARROWEST), WIDEST))


def _median(counts: Mapping[float, int]) -> float:
    """The lower median of values given with their counts."""
    left = (sum(counts.values()) + 1) // 2
    for value in sorted(counts):
        left -= counts[value]
        if left <= 0:
            return value
    raise ValueError("no values")
