"""The contribution of each detector and each reason to the risks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from orylo_common.messages import ReasonPoints


@dataclass(slots=True)
class Contribution:
    """Payments that a detector or a reason gave points to.

    `decisive_frauds` and `decisive_honest` are those that reach a review with its points, and not without them.
    """

    frauds: int = 0
    honest: int = 0
    points: int = 0
    decisive_frauds: int = 0
    decisive_honest: int = 0

    def add(self, points: int, *, is_fraud: bool, is_decisive: bool) -> None:
        self.points += points
        if is_fraud:
            self.frauds += 1
            self.decisive_frauds += is_decisive
        else:
            self.honest += 1
            self.decisive_honest += is_decisive


class Contributions:
    """Sums up the points of many decisions, by detector and by reason."""

    def __init__(self, review_at: int) -> None:
        self._review_at = review_at
        self.by_detector: dict[str, Contribution] = {}
        self.by_reason: dict[str, Contribution] = {}

    def add(self, risk: int, points: Sequence[ReasonPoints], *, is_fraud: bool) -> None:
        of_detector: dict[str, int] = {}
        for each in points:
            if each.points:
                of_detector[each.detector] = of_detector.get(each.detector, 0) + each.points
                self._add(self.by_reason, each.reason, each.points, risk, is_fraud)
        for detector, total in of_detector.items():
            self._add(self.by_detector, detector, total, risk, is_fraud)

    def _add(self, to: dict[str, Contribution], name: str, points: int, risk: int, is_fraud: bool) -> None:
        is_decisive = risk >= self._review_at > risk - points
        to.setdefault(name, Contribution()).add(points, is_fraud=is_fraud, is_decisive=is_decisive)


def most_points_first(contributions: dict[str, Contribution]) -> Iterator[tuple[str, Contribution]]:
    yield from sorted(contributions.items(), key=lambda each: (-each[1].points, each[0]))
