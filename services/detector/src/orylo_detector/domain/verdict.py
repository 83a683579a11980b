"""Combines the detectors' findings into one decision."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from orylo_common.control.sections.detection import DetectionPolicy
from orylo_common.messages import Decision, DecisionWithout, DetectorResult, ReasonPoints, RuleHit
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
    basis: DecisionBasis
    degraded: tuple[str, ...]
    override: str | None = None
    rules: tuple[RuleHit, ...] = ()
    rule_finding: RuleFinding = NO_RULES

    @property
    def listing(self) -> tuple[Rule, ...]:
        return self.rule_finding.outcome.listing

    @property
    def unlisted_decision(self) -> Decision:
        """Return the decision if the payment were on no list, and its customer had no status."""
        rules = self.rule_finding.outcome
        return replace(self.basis, listed=None).decide(rules.decision, rules.points)[0]

    @property
    def detectors(self) -> tuple[DetectorResult, ...]:
        """Return the result of each detector, and of the rules if the tenant has some."""
        of_detectors = [
            _detector_result(
                each.detector,
                each.finding.score,
                each.finding.codes,
                each.duration_us,
                self._without(each) if each.finding.score else None,
            )
            for each in self.found
        ]
        return (*of_detectors, self._rules_result()) if self.rule_finding.evaluated else tuple(of_detectors)

    def _without(self, omitted: WeightedFinding) -> DecisionWithout:
        """Return the risk and the decision if one detector had found nothing."""
        rules = self.rule_finding.outcome
        risk = combined_risk([each for each in self.found if each is not omitted])
        decision, _ = replace(self.basis, risk=risk).decide(rules.decision, rules.points)
        return _decision_without(within_range(risk + rules.points), decision)

    def _rules_result(self) -> DetectorResult:
        rules = self.rule_finding.outcome
        without = _decision_without(self.basis.risk, self.basis.decide(None, 0)[0]) if rules.hits else None
        return _detector_result(
            CUSTOM_RULES,
            within_range(rules.points),
            tuple(reason_code(rule) for rule in rules.hits),
            self.rule_finding.duration_us,
            without,
        )

    @property
    def severity(self) -> tuple[int, int]:
        return severity(self.decision, self.risk_score)


# Most detectors find nothing, in a few microseconds.
@lru_cache(maxsize=10_000)
def _detector_result(
    name: str, score: int, reasons: tuple[str, ...], duration_us: int, otherwise: DecisionWithout | None
) -> DetectorResult:
    return DetectorResult(name=name, score=score, reasons=reasons, duration_us=duration_us, otherwise=otherwise)


@lru_cache(maxsize=1_000)
def _decision_without(risk_score: int, decision: Decision) -> DecisionWithout:
    return DecisionWithout(risk_score=risk_score, decision=decision)


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
        basis,
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
        if each.finding.score:
            innocent *= 1 - each.risk
    return round(100 * (1 - innocent))
