"""A tenant's own rules on payments, written in CEL.

`check` an expression before it is saved, keep it as a `Rule`, evaluate many in a `RuleSet`. The package does no I/O and
imports nothing else of Orylo, so that the API, the detector and the command share it.
"""

from orylo_rules.check import MAX_CHARACTERS, MAX_TOKENS, check
from orylo_rules.fields import FIELDS, FieldType, FieldValue, RuleField
from orylo_rules.problems import RuleProblem
from orylo_rules.rule import AddPoints, AddToList, Decide, Rule, RuleAction, RuleDecision, RuleDraft, RuleMode
from orylo_rules.rule_set import TIME_LIMIT, RuleFailure, RuleOutcome, RuleSet

__all__ = [
    "FIELDS",
    "MAX_CHARACTERS",
    "MAX_TOKENS",
    "TIME_LIMIT",
    "AddPoints",
    "AddToList",
    "Decide",
    "FieldType",
    "FieldValue",
    "Rule",
    "RuleAction",
    "RuleDecision",
    "RuleDraft",
    "RuleFailure",
    "RuleField",
    "RuleMode",
    "RuleOutcome",
    "RuleProblem",
    "RuleSet",
    "check",
]
