"""The effect of a tenant's rules on a decision: points, an override, and the decision without each of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal
from uuid import UUID

from orylo_common.control.sections.detection import DetectionPolicy
from orylo_common.messages import Decision, ReasonPoints, RuleHit
from orylo_detector.domain.lists import Override
from orylo_detector.domain.points import reason_points, round_together
from orylo_rules import AddPoints, Decide, Rule, RuleDecision, RuleOutcome
from orylo_rules.engine import COMPILED_RULES

CUSTOM_RULES = "custom_rules"
RuleHitMode = Literal["on", "shadow"]
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
    decision, points = rules.decision, rules.points
    return (
        *(_hit(rule, basis.decide(*_without(rule, rules.hits, decision, points))[0]) for rule in rules.hits),
        *(_hit(rule, basis.decide(*_with(rule, rules.hits, decision, points))[0]) for rule in rules.shadow_hits),
    )


def _without(
    rule: Rule, hits: tuple[Rule, ...], decision: RuleDecision | None, points: int
) -> tuple[RuleDecision | None, int]:
    """Return the decision and the points of the rules without one of the hits."""
    match rule.action:
        case AddPoints():
            return decision, points - rule.action.points
        case Decide():
            return RuleOutcome(tuple(other for other in hits if other is not rule)).decision, points
        case _:
            return decision, points


def _with(
    rule: Rule, hits: tuple[Rule, ...], decision: RuleDecision | None, points: int
) -> tuple[RuleDecision | None, int]:
    """Return the decision and the points of the rules with one more hit."""
    match rule.action:
        case AddPoints():
            return decision, points + rule.action.points
        case Decide():
            return RuleOutcome((*hits, rule)).decision, points
        case _:
            return decision, points


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
        reason_points(reason_code(rule), CUSTOM_RULES, sign * points)
        for (rule, _), points in zip(given, rounded, strict=True)
    ]


def _hit(rule: Rule, otherwise: Decision) -> RuleHit:
    mode: RuleHitMode = "shadow" if rule.mode == "shadow" else "on"
    return _rule_hit(rule.id, rule.version, rule.name, mode, rule.action.kind, otherwise)


# Most hits of a rule are equal.
@lru_cache(maxsize=COMPILED_RULES)
def _rule_hit(rule_id: UUID, version: int, name: str, mode: RuleHitMode, action: str, otherwise: Decision) -> RuleHit:
    return RuleHit(rule_id=rule_id, version=version, name=name, mode=mode, action=action, otherwise=otherwise)
