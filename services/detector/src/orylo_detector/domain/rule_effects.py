"""The effect of a tenant's rules on a decision: points, an override, and the decision without each of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from orylo_common.control.sections.detection import DetectionPolicy
from orylo_common.messages import Decision, ReasonPoints, RuleHit
from orylo_detector.domain.lists import Override
from orylo_detector.domain.points import round_together
from orylo_rules import AddPoints, Rule, RuleDecision, RuleOutcome
from orylo_rules.engine import COMPILED_RULES

CUSTOM_RULES = "custom_rules"
BY_RULE, BY_FUSE, BY_DEGRADED = "rule", "fuse", "degraded"


@lru_cache(maxsize=COMPILED_RULES)
def _code(rule_id: UUID) -> str:
    return f"{CUSTOM_RULES}.{rule_id}"


def reason_code(rule: Rule) -> str:
    return _code(rule.id)


@dataclass(frozen=True, slots=True)
class DecisionBasis:
    """All that decides on a payment beside the rules: the detectors' risk and the decision of a list entry."""

    risk: int
    listed: Override | None
    policy: DetectionPolicy
    fuse_tripped: bool = False
    is_degraded: bool = False

    def decide(self, by_rule: RuleDecision | None, points: int) -> tuple[Decision, str | None]:
        """Return the decision, and what decided in place of the risk, if anything did. `points` are those of rules.

        A list entry comes first, then the rules, then the risk. A tripped fuse turns a block by rules or by the risk
        into a review. If a detector was left out, a tenant with `fail_review` reviews what the risk would allow.
        """
        if self.listed:
            return self.listed
        decision = Decision(by_rule) if by_rule else self._by_risk(within_range(self.risk + points))
        if decision is Decision.BLOCK and self.fuse_tripped:
            return Decision.REVIEW, BY_FUSE
        fails = self.is_degraded and self.policy.on_degraded == "fail_review"
        if decision is Decision.ALLOW and not by_rule and fails:
            return Decision.REVIEW, BY_DEGRADED
        return decision, BY_RULE if by_rule else None

    def _by_risk(self, risk: int) -> Decision:
        if risk >= self.policy.block_at:
            return Decision.BLOCK
        return Decision.REVIEW if risk >= self.policy.review_at else Decision.ALLOW


def within_range(risk: int) -> int:
    return min(max(risk, 0), 100)


def hits_of(rules: RuleOutcome, basis: DecisionBasis) -> tuple[RuleHit, ...]:
    """Return the rules that are true of the payment, each with the decision that its mode prevents.

    For a rule in shadow that is the decision if it were on; for a rule that is on, the decision if it were off.
    """
    points = rules.points
    return (
        *(_hit(rule, basis.decide(*_without(rule, rules, points))[0]) for rule in rules.hits),
        *(_hit(rule, basis.decide(*_with(rule, rules, points))[0]) for rule in rules.shadow_hits),
    )


def _without(rule: Rule, rules: RuleOutcome, points: int) -> tuple[RuleDecision | None, int]:
    if isinstance(rule.action, AddPoints):
        return rules.decision, points - rule.action.points
    return RuleOutcome(tuple(other for other in rules.hits if other is not rule)).decision, points


def _with(rule: Rule, rules: RuleOutcome, points: int) -> tuple[RuleDecision | None, int]:
    if isinstance(rule.action, AddPoints):
        return rules.decision, points + rule.action.points
    return RuleOutcome((*rules.hits, rule)).decision, points


def rule_points(rules: RuleOutcome, risk: int) -> tuple[ReasonPoints, ...]:
    """Return the points of each rule that adds some. With the detectors' `risk` they add up to the final risk.

    If the sum leaves the range from 0 to 100, the points of the rules on that side are reduced in proportion.
    """
    given = [(rule, rule.action.points) for rule in rules.hits if isinstance(rule.action, AddPoints)]
    raising = [(rule, points) for rule, points in given if points > 0]
    lowering = [(rule, -points) for rule, points in given if points < 0]
    raised, lowered = (sum(points for _, points in part) for part in (raising, lowering))
    raised = min(raised, 100 - risk + lowered)
    lowered = min(lowered, risk + raised)
    return (*_shares(raising, raised, 1), *_shares(lowering, lowered, -1))


def _shares(given: Sequence[tuple[Rule, int]], total: int, sign: int) -> list[ReasonPoints]:
    """Divide `total` among the rules, in proportion to their points."""
    full = sum(points for _, points in given)
    rounded = round_together([points * total / full for _, points in given], total)
    return [
        ReasonPoints(reason=reason_code(rule), detector=CUSTOM_RULES, points=sign * points)
        for (rule, _), points in zip(given, rounded, strict=True)
    ]


def _hit(rule: Rule, otherwise: Decision) -> RuleHit:
    return RuleHit(
        rule_id=rule.id,
        version=rule.version,
        name=rule.name,
        mode="shadow" if rule.mode == "shadow" else "on",
        action=rule.action.kind,
        otherwise=otherwise,
    )
