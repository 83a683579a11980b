"""Combines the detectors' findings into one decision."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from orylo_common.control.sections.detection import DetectionPolicy
from orylo_common.messages import Decision, DetectorResult, ReasonPoints, RuleHit
from orylo_detector.domain.finding import WeightedFinding
from orylo_detector.domain.lists import Override
from orylo_detector.domain.points import divide_risk
from orylo_detector.domain.rule_effects import (
    CUSTOM_RULES,
    DecisionBasis,
    hits_of,
    reason_code,
    rule_points,
    within_range,
)
from orylo_rules import Rule, RuleOutcome

SEVERITIES = (Decision.ALLOW, Decision.REVIEW, Decision.BLOCK)


@dataclass(frozen=True, slots=True)
class RuleFinding:
    """The outcome of a tenant's rules on a payment. `evaluated` is false if the tenant has none."""

    outcome: RuleOutcome = field(default_factory=RuleOutcome)
    fuse_tripped: bool = False
    evaluated: bool = False
    duration_us: int = 0


NO_RULES = RuleFinding()


@dataclass(frozen=True, slots=True)
class Verdict:
    """A decision. The points add up to the risk; `override` names what decided in its place.

    It is a list entry, such as `block_list.ip`, or `rule`, or `fuse`, which made a review of a block, or `degraded`: a
    detector was left out, and the tenant wants a review then.
    `rules` are those that are true of the payment, also in shadow; `listing` are those that put it on a list.
    `detectors` are built when they are read: a backtest does not read them.
    """

    decision: Decision
    risk_score: int
    points: tuple[ReasonPoints, ...]
    found: Sequence[WeightedFinding]
    degraded: tuple[str, ...]
    override: str | None = None
    rules: tuple[RuleHit, ...] = ()
    rule_finding: RuleFinding = NO_RULES

    @property
    def listing(self) -> tuple[Rule, ...]:
        return self.rule_finding.outcome.listing

    @property
    def detectors(self) -> tuple[DetectorResult, ...]:
        """Return the result of each detector, and of the rules if the tenant has some."""
        of_rules = (_rules_result(self.rule_finding),) if self.rule_finding.evaluated else ()
        return (*map(_result, self.found), *of_rules)

    @property
    def severity(self) -> tuple[int, int]:
        return severity(self.decision, self.risk_score)


def severity(decision: Decision, risk_score: int) -> tuple[int, int]:
    """Return a key that sorts decisions from the mildest to the most severe."""
    return SEVERITIES.index(decision), risk_score


def conclude(
    found: Sequence[WeightedFinding],
    degraded: tuple[str, ...],
    listed: Override | None,
    policy: DetectionPolicy,
    rules: RuleFinding = NO_RULES,
) -> Verdict:
    """Decide. What overrides the decision, as a list entry does, leaves the risk and its points as computed."""
    risk, outcome = combined_risk(found), rules.outcome
    rule_risk = outcome.points
    if outcome.failed or outcome.late:
        degraded = (*degraded, *(reason_code(rule) for rule in outcome.not_evaluated))
    basis = DecisionBasis(risk, listed, policy, rules.fuse_tripped, bool(degraded))
    decision, override = basis.decide(outcome.decision, rule_risk)
    points = divide_risk(found, risk)
    if rule_risk:
        points = tuple(sorted((*points, *rule_points(outcome, risk)), key=lambda each: -each.points))
    return Verdict(
        decision,
        within_range(risk + rule_risk),
        points,
        found,
        degraded,
        override,
        hits_of(outcome, basis) if outcome.hits or outcome.shadow_hits else (),
        rules,
    )


def combined_risk(found: Sequence[WeightedFinding]) -> int:
    """Combine by noisy-or: a weighted score is the probability that its detector is right, and one suffices.

    More evidence never lowers the risk, and weak hints add up without ever reaching certainty.
    """
    innocent = 1.0
    for each in found:
        innocent *= 1 - each.risk
    return round(100 * (1 - innocent))


def _result(each: WeightedFinding) -> DetectorResult:
    return DetectorResult(
        name=each.detector, score=each.finding.score, reasons=each.finding.codes, duration_us=each.duration_us
    )


def _rules_result(rules: RuleFinding) -> DetectorResult:
    return DetectorResult(
        name=CUSTOM_RULES,
        score=within_range(rules.outcome.points),
        reasons=tuple(reason_code(rule) for rule in rules.outcome.hits),
        duration_us=rules.duration_us,
    )
