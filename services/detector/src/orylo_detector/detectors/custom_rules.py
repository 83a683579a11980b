"""The tenant's own rules. They are compiled when the control plane changes: a payment compiles nothing."""

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

import structlog
from prometheus_client import Gauge
from pydantic import ValidationError

from orylo_common.control.models import TenantRules
from orylo_common.control.rules import MAX_ACTIVE
from orylo_common.messages import PaymentFact
from orylo_detector.detectors.explanation import Explanation, Parameter
from orylo_detector.domain.features import Features
from orylo_detector.domain.rule_effects import CUSTOM_RULES
from orylo_detector.domain.rule_values import values_of
from orylo_detector.domain.verdict import NO_RULES, RuleFinding
from orylo_rules import TIME_LIMIT, Rule, RuleSet

FUSES_TRIPPED = Gauge("orylo_detector_fuses_tripped", "Tenants whose fuse is tripped: blocks are reviews")

EXPLANATION = Explanation(
    looks_at="the fields that the tenant's own rules read ([docs/rules.md](../../docs/rules.md)). A rule adds its "
    "points to the risk as they are, without a weight, or decides at any risk. In shadow it is recorded and changes "
    "nothing",
    parameters=(
        Parameter("rules", "none", "the tenant's, by `orylo rule` or the API; each change is a version, and audited"),
        Parameter(
            "time for all rules",
            f"{TIME_LIMIT.total_seconds() * 1000:.0f} ms",
            "fixed: half of what a detector has. Rules that had not begun by then are named in `degraded`",
        ),
        Parameter("rules on or in shadow", f"at most {MAX_ACTIVE}", "fixed: far more than the time suffices for"),
    ),
    reasons={f"{CUSTOM_RULES}.<id>": "A rule of the shop"},
)

log = structlog.get_logger(__name__)


class StoredRules(Protocol):
    """The part of the control plane with the rules."""

    def all_rules(self) -> Mapping[UUID, TenantRules]: ...


@dataclass(frozen=True, slots=True)
class CompiledRules:
    stored: TenantRules = field(default_factory=TenantRules)
    rule_set: RuleSet = field(default_factory=lambda: RuleSet(()))


class RuleBook:
    """Evaluates a tenant's rules on a payment. `follow` reads the rules again, and compiles those that changed."""

    def __init__(self, plane: StoredRules) -> None:
        self._plane = plane
        self._compiled: dict[UUID, CompiledRules] = {}
        self.follow()

    def follow(self) -> None:
        known, self._compiled = self._compiled, {}
        for tenant_id, stored in self._plane.all_rules().items():
            before = known.get(tenant_id)
            unchanged = before is not None and before.stored.rules == stored.rules
            rule_set = before.rule_set if before and unchanged else RuleSet(_valid(stored.rules))
            self._compiled[tenant_id] = CompiledRules(stored, rule_set)
        FUSES_TRIPPED.set(sum(each.stored.fuse_tripped for each in self._compiled.values()))

    def evaluate(self, payment: PaymentFact, features: Features) -> RuleFinding:
        compiled = self._compiled.get(payment.tenant_id)
        if compiled is None:
            return NO_RULES
        stored, rule_set = compiled.stored, compiled.rule_set
        if not rule_set:
            return RuleFinding(fuse_tripped=stored.fuse_tripped)
        started = time.perf_counter_ns()
        outcome = rule_set.evaluate(
            values_of(payment, features, rule_set.fields),
            lists={hit.list for hit in features.listed},
            snoozed=_snoozed(stored.snoozes.get(payment.customer_id or "", {}), payment.occurred_at),
        )
        duration_us = (time.perf_counter_ns() - started) // 1000
        return RuleFinding(outcome, stored.fuse_tripped, evaluated=True, duration_us=duration_us)


def _snoozed(until: Mapping[UUID, datetime], at: datetime) -> Collection[UUID]:
    return [rule_id for rule_id, end in until.items() if at < end]


def _valid(rules: Collection[Mapping[str, object]]) -> list[Rule]:
    """Leave out rules that another version of Orylo stored and this one cannot read."""
    valid = []
    for stored in rules:
        try:
            valid.append(Rule.model_validate(stored))
        except ValidationError:
            log.exception("rule.unreadable", rule_id=str(stored.get("id")))
    return valid
