"""Divides a decision's risk into points, one share for each reason."""

import math
from collections.abc import Sequence
from functools import lru_cache
from operator import itemgetter

from orylo_common.messages import ReasonPoints
from orylo_detector.domain.finding import WeightedFinding

# A risk of 99.5 % or more is rounded to 100. A detector that is more certain than that counts as 99.5 % certain: the
# logarithm of 0 is infinite and would leave no points for the others.
LEAST_INNOCENCE = 0.005

_share = itemgetter(0)


def divide_risk(found: Sequence[WeightedFinding], risk_score: int) -> tuple[ReasonPoints, ...]:
    """Return points for each reason, most points first. They add up to `risk_score` exactly.

    In a noisy-or, probabilities of innocence multiply and their logarithms add up. A detector's part of the risk is its
    part of the sum of the logarithms, and its reasons share that part in proportion to their scores. All points are
    rounded together by largest remainder. A reason may have 0 points. Remarks are not listed.
    """
    total = 0.0
    shares: list[tuple[float, str, WeightedFinding]] = []
    for each in found:
        scores = each.finding.reasons
        if not scores:
            continue
        all_scores = sum(scores.values())
        if all_scores:
            evidence = -math.log(max(1 - each.risk, LEAST_INNOCENCE))
            total += evidence
            shares += [(evidence * score / all_scores, code, each) for code, score in scores.items() if score]
    shares.sort(key=_share, reverse=True)
    scale = risk_score / total if total else 0.0
    points = round_together([share * scale for share, _, _ in shares], risk_score)
    return tuple(
        reason_points(code, each.detector, of_reason)
        if code not in each.finding.figures
        else _with_figures(code, each.detector, of_reason, tuple(each.finding.figures[code].items()))
        for (_, code, each), of_reason in zip(shares, points, strict=True)
    )


# The same few reasons have the same few points in most decisions.
@lru_cache(maxsize=10_000)
def reason_points(reason: str, detector: str, points: int) -> ReasonPoints:
    return ReasonPoints(reason=reason, detector=detector, points=points)


@lru_cache(maxsize=10_000)
def _with_figures(reason: str, detector: str, points: int, figures: tuple[tuple[str, int], ...]) -> ReasonPoints:
    return ReasonPoints(reason=reason, detector=detector, points=points, figures=dict(figures))


def round_together(shares: Sequence[float], total: int) -> list[int]:
    """Round shares to whole numbers by largest remainder. The shares and the result add up to `total`."""
    if len(shares) == 1:
        return [total]
    rounded = [int(share) for share in shares]
    by_remainder = sorted(range(len(shares)), key=lambda index: rounded[index] - shares[index])
    for index in by_remainder[: total - sum(rounded)]:
        rounded[index] += 1
    return rounded
