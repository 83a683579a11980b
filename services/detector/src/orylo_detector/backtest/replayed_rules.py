"""The tenant's rules in a backtest."""

from collections.abc import Sequence
from datetime import timedelta

from orylo_common.messages import PaymentFact
from orylo_detector.domain.features import Features
from orylo_detector.domain.rule_values import values_of
from orylo_detector.domain.verdict import NO_RULES, RuleFinding
from orylo_rules import Rule, RuleSet


class ReplayedRules:
    """RuleSource of a fixed set of rules, without snoozes and without a fuse."""

    def __init__(self, rules: Sequence[Rule], time_limit: timedelta) -> None:
        self._rule_set = RuleSet(rules, time_limit=time_limit)

    def evaluate(self, payment: PaymentFact, features: Features) -> RuleFinding:
        if not self._rule_set:
            return NO_RULES
        values = values_of(payment, features, self._rule_set.fields)
        return RuleFinding(self._rule_set.evaluate(values, lists={hit.list for hit in features.listed}), evaluated=True)
