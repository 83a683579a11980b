"""Runs the detectors concurrently, then the tenant's rules, and combines their findings."""

import asyncio
import time
from collections.abc import Awaitable, Sequence
from datetime import timedelta
from typing import Protocol
from uuid import UUID

import structlog
from prometheus_client import Counter

from orylo_common.control.sections.detection import DetectionPolicy
from orylo_common.messages import PaymentFact, TrustStatus
from orylo_detector.detectors import DETECTORS, Detector
from orylo_detector.domain.features import FeatureMissing, Features
from orylo_detector.domain.finding import Finding, WeightedFinding
from orylo_detector.domain.lists import override_of
from orylo_detector.domain.rule_effects import CUSTOM_RULES
from orylo_detector.domain.verdict import NO_RULES, RuleFinding, Verdict, conclude
from orylo_rules import RuleFailure

TIME_LIMIT = timedelta(milliseconds=100)

# `cause` is one of missing (its features could not be read), late, failed.
LEFT_OUT = Counter("orylo_detector_left_out_total", "Detectors and rules left out of a decision", ["detector", "cause"])
_CAUSES: dict[type[Exception], str] = {FeatureMissing: "missing", TimeoutError: "late"}

log = structlog.get_logger(__name__)


class RuleSource(Protocol):
    def evaluate(self, payment: PaymentFact, features: Features, /) -> RuleFinding:
        """Evaluate the tenant's rules within their time limit."""


class NoRules:
    """RuleSource without rules."""

    def evaluate(self, payment: PaymentFact, features: Features, /) -> RuleFinding:
        return NO_RULES


# A finding and its duration in microseconds.
TimedFinding = tuple[Finding, int]


class Engine:
    def __init__(
        self,
        detectors: Sequence[Detector] = DETECTORS,
        *,
        rules: RuleSource | None = None,
        time_limit: timedelta = TIME_LIMIT,
    ) -> None:
        self._detectors = detectors
        self._rules = rules or NoRules()
        self._reported: set[tuple[UUID, int]] = set()
        self._limit_s = time_limit.total_seconds()
        self._limit_us = time_limit / timedelta(microseconds=1)

    async def decide(self, payment: PaymentFact, features: Features, policy: DetectionPolicy) -> Verdict:
        """Return a verdict in any case. A detector that fails or is late is left out and named in `degraded`."""
        found, degraded = [], []
        weights = policy.weights
        for detector, timed in zip(self._detectors, await self._run(payment, features, policy), strict=True):
            if timed is None:
                degraded.append(detector.name)
                continue
            finding, duration_us = timed
            found.append(
                WeightedFinding(detector.name, finding, weights.get(detector.name, detector.weight), duration_us)
            )
        status = features.customer.status if features.customer else TrustStatus.NEUTRAL
        rules = self._evaluate_rules(payment, features)
        if rules is None:
            degraded.append(CUSTOM_RULES)
        listed = override_of(features.listed, status)
        return conclude(found, tuple(degraded), listed, policy, rules or NO_RULES)

    def _evaluate_rules(self, payment: PaymentFact, features: Features) -> RuleFinding | None:
        try:
            rules = self._rules.evaluate(payment, features)
        except Exception as error:  # noqa: BLE001  (failing rules must not fail the decision)
            _leave_out(CUSTOM_RULES, error)
            return None
        if rules.outcome.failed:
            LEFT_OUT.labels(CUSTOM_RULES, "failed").inc()
            self._report(rules.outcome.failed)
        if rules.outcome.late:
            LEFT_OUT.labels(CUSTOM_RULES, "late").inc()
        return rules

    def _report(self, failures: Sequence[RuleFailure]) -> None:
        """Log the first failure of each version of a rule: it may fail on every payment."""
        for rule, reason in ((failure.rule, failure.reason) for failure in failures):
            if (rule.id, rule.version) not in self._reported:
                self._reported.add((rule.id, rule.version))
                log.warning("rule.failed", rule_id=str(rule.id), version=rule.version, reason=reason)

    async def _run(
        self, payment: PaymentFact, features: Features, policy: DetectionPolicy
    ) -> list[TimedFinding | None]:
        """Return the findings in the detectors' order, with None for each that is left out.

        Only a detector that awaits something gets a task. One that only computes cannot be interrupted; if it took
        too long its finding is discarded.
        """
        results: list[TimedFinding | None] = [None] * len(self._detectors)
        waiting: list[tuple[int, asyncio.Task[TimedFinding | None]]] = []
        ended = time.perf_counter_ns()
        for index, detector in enumerate(self._detectors):
            started = ended
            try:
                finding = detector.assess(payment, features, policy)
            except Exception as error:  # noqa: BLE001  (a failing detector must not fail the decision)
                _leave_out(detector.name, error)
                ended = time.perf_counter_ns()
                continue
            ended = time.perf_counter_ns()
            if not isinstance(finding, Finding):
                waiting.append((index, asyncio.create_task(self._wait_for(detector, finding, started))))
            elif (duration_us := (ended - started) // 1000) <= self._limit_us:
                results[index] = finding, duration_us
            else:
                _leave_out(detector.name, TimeoutError())
        for index, task in waiting:
            results[index] = await task
        return results

    async def _wait_for(self, detector: Detector, finding: Awaitable[Finding], started: int) -> TimedFinding | None:
        try:
            async with asyncio.timeout(self._limit_s):
                return await finding, _microseconds_since(started)
        except Exception as error:  # noqa: BLE001  (a failing detector must not fail the decision)
            _leave_out(detector.name, error)
            return None


def _microseconds_since(started_ns: int) -> int:
    return (time.perf_counter_ns() - started_ns) // 1000


def _leave_out(detector: str, error: Exception) -> None:
    cause = _CAUSES.get(type(error), "failed")
    LEFT_OUT.labels(detector, cause).inc()
    if cause == "failed":
        log.error("detector.failed", detector=detector, exc_info=error)
