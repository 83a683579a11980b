"""Amounts on a logarithmic scale, and the distance of one amount from the usual.

A history is a histogram with a fixed number of buckets. Its content does not depend on the order of the payments,
and a few extreme amounts hardly move its median and spread.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

# Neighbouring buckets differ by 19 %, which is finer than any threshold here.
BUCKETS_PER_DOUBLING = 4
# Bounds of the spread: for a history with a single price, and for one so wide that no amount would stand out.
NARROWEST, WIDEST = 1.5, 8.0
# Converts a median absolute deviation to a standard deviation, for normally distributed values.
MAD_TO_SIGMA = 1.4826


@dataclass(frozen=True, slots=True)
class AmountHistory:
    """`median` and `spread` are in buckets."""

    payments: int
    median: float = 0.0
    spread: float = NARROWEST

    def distance(self, amount_minor: int) -> float:
        """Return the distance above the median, in spreads. Negative below it."""
        return (position(amount_minor) - self.median) / self.spread


def position(amount_minor: int) -> float:
    return BUCKETS_PER_DOUBLING * math.log2(max(amount_minor, 1))


def bucket(amount_minor: int) -> int:
    return round(position(amount_minor))


def summarise(histogram: Mapping[int, int]) -> AmountHistory:
    """Summarise a histogram of payments by bucket."""
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
    """Return the lower median of values given with their counts."""
    left = (sum(counts.values()) + 1) // 2
    for value in sorted(counts):
        left -= counts[value]
        if left <= 0:
            return value
    raise ValueError("no values")
