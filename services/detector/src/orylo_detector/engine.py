"""Runs the detectors side by side and concludes. It needs nothing but what it is given."""

import asyncio
import time
from collections.abc import Awaitable, Sequence
from datetime import timedelta

import structlog
from prometheus_client import Counter

from orylo_common.control.sections.detection import DetectionPolicy
from orylo_common.messages import DetectorResult, PaymentFact, TrustStatus
from orylo_detector.detectors import DETECTORS, Detector
from orylo_detector.domain.features import FeatureMissing, Features
from orylo_detector.domain.verdict import Finding, Verdict, Weighted, conclude

TIME_LIMIT = timedelta(milliseconds=100)

# `cause` is one of missing (what it needs could not be gathered), late, failed.
LEFT_OUT = Counter("orylo_detector_left_out_total", "Detectors left out of a decision", ["detector", "cause"])
_CAUSES: dict[type[Exception], str] = {FeatureMissing: "missing", TimeoutError: "late"}

log = structlog.get_logger(__name__)


class Engine:
    def __init__(self, detectors: Sequence[Detector] = DETECTORS, *, time_limit: timedelta = TIME_LIMIT) -> None:
        self._detectors = detectors
        self._limit_s = time_limit.total_seconds()

    async def decide(self, payment: PaymentFact, features: Features, rules: DetectionPolicy) -> Verdict:
        """Always a verdict: a detector that fails, or is late, is left out and named. No side effects."""
        results = await self._run(payment, features, rules)
        found, degraded = [], []
        for detector, result in zip(self._detectors, results, strict=True):
            if result is None:
                degraded.append(detector.name)
            else:
                found.append(Weighted(result, rules.weights.get(detector.name, detector.weight)))
        status = features.customer.status if features.customer else TrustStatus.NEUTRAL
        return conclude(found, tuple(degraded), status, rules)

    async def _run(
        self, payment: PaymentFact, features: Features, rules: DetectionPolicy
    ) -> list[DetectorResult | None]:
        """In the detectors' order; None for one that is left out.

        A task is made only for one that waits. One that only computes cannot be stopped; late, it is left out too.
        """
        results: list[DetectorResult | None] = [None] * len(self._detectors)
        waiting: list[tuple[int, asyncio.Task[DetectorResult | None]]] = []
        for index, detector in enumerate(self._detectors):
            started = time.perf_counter_ns()
            try:
                finding = detector.assess(payment, features, rules)
            except Exception as error:  # noqa: BLE001  one detector's failure is not the decision's
                _leave_out(detector, error)
                continue
            if isinstance(finding, Finding):
                results[index] = self._in_time(detector, finding, started)
            else:
                waiting.append((index, asyncio.create_task(self._wait_for(detector, finding, started))))
        for index, task in waiting:
            results[index] = await task
        return results

    def _in_time(self, detector: Detector, finding: Finding, started: int) -> DetectorResult | None:
        result = _result(detector, finding, started)
        if result.duration_us <= self._limit_s * 1_000_000:
            return result
        _leave_out(detector, TimeoutError())
        return None

    async def _wait_for(self, detector: Detector, finding: Awaitable[Finding], started: int) -> DetectorResult | None:
        try:
            async with asyncio.timeout(self._limit_s):
                return _result(detector, await finding, started)
        except Exception as error:  # noqa: BLE001  one detector's failure is not the decision's
            _leave_out(detector, error)
            return None


def _result(detector: Detector, finding: Finding, started: int) -> DetectorResult:
    duration_us = (time.perf_counter_ns() - started) // 1000
    return DetectorResult(name=detector.name, score=finding.score, reasons=finding.reasons, duration_us=duration_us)


def _leave_out(detector: Detector, error: Exception) -> None:
    cause = _CAUSES.get(type(error), "failed")
    LEFT_OUT.labels(detector.name, cause).inc()
    if cause == "failed":
        log.error("detector.failed", detector=detector.name, exc_info=error)
