"""The contribution of each detector and each reason to the risks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from orylo_common.messages import Decision, ReasonPoints, RuleHit
from orylo_detector.domain.verdict import Verdict


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


@dataclass(slots=True)
class Effect:
    """Payments that something applies to, and those among them that get another decision by it."""

    name: str
    frauds: int = 0
    honest: int = 0
    changed_frauds: int = 0
    changed_honest: int = 0

    def add(self, *, is_fraud: bool, is_changed: bool) -> None:
        if is_fraud:
            self.frauds += 1
            self.changed_frauds += is_changed
        else:
            self.honest += 1
            self.changed_honest += is_changed


@dataclass(slots=True)
class RuleEffect(Effect):
    """Payments that a rule is true of. One in shadow would change decisions if it were on."""

    mode: str = "on"


class Contributions:
    """Sums up the points of many decisions, by detector and by reason."""

    def __init__(self, review_at: int) -> None:
        self._review_at = review_at
        self.by_detector: dict[str, Contribution] = {}
        self.by_reason: dict[str, Contribution] = {}
        self.by_rule: dict[UUID, RuleEffect] = {}
        # By the kind of entry that decided, such as `block_list.ip`.
        self.by_list: dict[str, Effect] = {}

    def add_rules(self, decision: Decision, hits: Sequence[RuleHit], *, is_fraud: bool) -> None:
        for hit in hits:
            rule = self.by_rule.setdefault(hit.rule_id, RuleEffect(hit.name, mode=hit.mode))
            rule.add(is_fraud=is_fraud, is_changed=hit.otherwise is not decision)

    def add_list(self, verdict: Verdict, source: str, *, is_fraud: bool) -> None:
        effect = self.by_list.setdefault(source, Effect(source))
        effect.add(is_fraud=is_fraud, is_changed=verdict.unlisted_decision is not verdict.decision)

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
