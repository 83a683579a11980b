"""Amounts on a logarithmic scale, and the distance of one amount from the usual.

A history is a histogram with a fixed number of buckets. Its content does not depend on the order of the payments,
and a few extreme amounts hardly move its median and spread.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

# Neighbouring buckets differ by 19 %, which is finer than any threshold here.
BUCKETS_PER_DOUBLING = 4
# Bounds of the spread in buckets: for a history with a single price, where one purchase of twice the amount is usual,
# and for one so wide that no amount would stand out.
NARROWEST, WIDEST = 3.0, 8.0
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
    left = _rank(payments)
    for median in sorted(histogram):
        left -= histogram[median]
        if left <= 0:
            break
    return AmountHistory(payments, float(median), _spread(histogram, median, payments))


class AmountHistogram:
    """A histogram that payments are added to one by one. Its median moves along with them."""

    def __init__(self) -> None:
        self._payments_at: dict[int, int] = {}
        self._payments = 0
        self._median = 0
        # Payments in the buckets below the median.
        self._below = 0

    def add(self, at: int) -> None:
        """Add a payment in bucket `at`."""
        payments_at = self._payments_at
        if not self._payments:
            self._median = at
        payments_at[at] = payments_at.get(at, 0) + 1
        self._payments += 1
        self._below += at < self._median
        rank = _rank(self._payments)
        while self._below >= rank:
            self._median -= 1
            self._below -= payments_at.get(self._median, 0)
        while self._below + (here := payments_at.get(self._median, 0)) < rank:
            self._median += 1
            self._below += here

    def summary(self) -> AmountHistory:
        """Return what `summarise` returns for the same payments."""
        spread = _spread(self._payments_at, self._median, self._payments)
        return AmountHistory(self._payments, float(self._median), spread)


def _rank(payments: int) -> int:
    """Return the position of the lower median, from 1."""
    return (payments + 1) // 2


def _spread(payments_at: Mapping[int, int], median: int, payments: int) -> float:
    """Return the median absolute deviation as a standard deviation, within its bounds."""
    deviation, left = 0, _rank(payments) - payments_at.get(median, 0)
    while left > 0 and MAD_TO_SIGMA * deviation < WIDEST:
        deviation += 1
        left -= payments_at.get(median - deviation, 0) + payments_at.get(median + deviation, 0)
    return min(max(MAD_TO_SIGMA * deviation, NARROWEST), WIDEST)
